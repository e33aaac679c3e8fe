"""What the help desk is compared with: the same libraries, used as their manuals say, doing next to nothing.

`python -m benchmarks.bare sockets PORT` is a stock Flask-SocketIO server in gevent mode with one room of everybody;
`python -m benchmarks.bare insert PORT DATABASE` writes one row for each POST of
somebody who is signed in.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

from flask import Flask, request
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BARE_SECRET = "only-for-benchmarks"
BARE_TOKEN, BARE_CSRF = "bare-session", "bare"


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


def make_inserts(database_url: str) -> tuple[Flask, str]:
    """An application as the libraries' manuals write one, and the Cookie header of somebody who is signed in.

    POST / with {subject, body} needs a session that stands in the database and a CSRF value, and writes one row in one
    transaction. The database is tuned as the help desk's is.
    """
    from flask_login import LoginManager, UserMixin, current_user, login_required
    from flask_sqlalchemy import SQLAlchemy
    from flask_wtf.csrf import CSRFProtect
    from sqlalchemy import ForeignKey, String, Text, select

    from helpdesk.core.sqlite import tune

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Person(UserMixin, Base):
        __tablename__ = "person"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(200))

    class SignIn(Base):
        __tablename__ = "sign_in"
        id: Mapped[int] = mapped_column(primary_key=True)
        token: Mapped[str] = mapped_column(String(64), unique=True)
        person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    class Note(Base):
        __tablename__ = "note"
        id: Mapped[int] = mapped_column(primary_key=True)
        author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
        subject: Mapped[str] = mapped_column(String(200))
        body: Mapped[str] = mapped_column(Text)

    app = Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI=database_url, SECRET_KEY=BARE_SECRET, WTF_CSRF_SSL_STRICT=False)
    db.init_app(app)
    CSRFProtect(app)
    people = LoginManager(app)
    people.session_protection = None
    with app.app_context():
        tune(db.engine)
        Base.metadata.create_all(db.engine)
        db.session.add(Person(id=1, name="Ana"))
        db.session.flush()
        db.session.add(SignIn(token=BARE_TOKEN, person_id=1))
        db.session.commit()

    @people.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> Person | None:
        return db.session.scalar(select(Person).join(SignIn).where(SignIn.token == token))

    @app.get("/")
    def look() -> str:
        return "ok"

    @app.post("/")
    @login_required  # type: ignore[untyped-decorator]
    def insert() -> tuple[dict[str, int], int]:
        sent = request.get_json()
        note = Note(author_id=current_user.id, subject=sent["subject"], body=sent["body"])
        db.session.add(note)
        db.session.commit()
        return {"id": note.id}, 201

    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return app, f"session={serializer.dumps({'_user_id': BARE_TOKEN, 'csrf_token': BARE_CSRF})}"


def serve_inserts(port: int, path: str) -> None:
    import socket

    from gevent.pywsgi import WSGIServer

    app, cookie = make_inserts(f"sqlite:///{path}")
    Path(f"{path}.cookie").write_text(cookie)
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer would wait 40 ms, ours not
    listener.setblocking(False)
    WSGIServer(listener, app, log=None).serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "sockets":
        serve_sockets(int(sys.argv[2]))
    else:
        serve_inserts(int(sys.argv[2]), sys.argv[3])
