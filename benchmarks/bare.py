"""What the help desk is compared with: the same libraries, used as their manuals say, doing next to nothing.

`python -m benchmarks.bare sockets PORT` is a stock Flask-SocketIO server in gevent mode with one room of everybody;
`python -m benchmarks.bare insert PORT DATABASE` writes one row for each POST.
"""

from __future__ import annotations

import sys

from gevent import monkey

monkey.patch_all()

from flask import Flask, request  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column  # noqa: E402


def serve_sockets(port: int) -> None:
    """POST /publish sends the JSON body to everybody in the room."""
    from flask_socketio import SocketIO, join_room

    app = Flask(__name__)
    app.config["SECRET_KEY"] = "only-for-benchmarks"
    sockets = SocketIO(app, async_mode="gevent", transports=["websocket"], cors_allowed_origins="*")

    @sockets.on("connect")  # type: ignore[untyped-decorator]
    def connect() -> None:
        join_room("everybody")

    @app.post("/publish")
    def publish() -> str:
        sockets.emit("banner", request.get_json(), to="everybody")
        return "ok"

    sockets.run(app, host="127.0.0.1", port=port, backlog=4096)


def serve_inserts(port: int, path: str) -> None:
    """POST / with {subject, body} writes one row in one transaction, on a database tuned as the help desk's is."""
    from flask_sqlalchemy import SQLAlchemy
    from gevent.pywsgi import WSGIServer
    from sqlalchemy import String, Text

    from helpdesk.core.database import tune

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Note(Base):
        __tablename__ = "note"
        id: Mapped[int] = mapped_column(primary_key=True)
        subject: Mapped[str] = mapped_column(String(200))
        body: Mapped[str] = mapped_column(Text)

    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        Base.metadata.create_all(db.engine)

    @app.get("/")
    def look() -> str:
        return "ok"

    @app.post("/")
    def insert() -> tuple[dict[str, int], int]:
        sent = request.get_json()
        note = Note(subject=sent["subject"], body=sent["body"])
        db.session.add(note)
        db.session.commit()
        return {"id": note.id}, 201

    WSGIServer(("127.0.0.1", port), app, log=None).serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "sockets":
        serve_sockets(int(sys.argv[2]))
    else:
        serve_inserts(int(sys.argv[2]), sys.argv[3])
