"""The Socket.IO side of the fast path: rooms, and one ready frame for everybody who gets an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gevent
import socketio
from bidict import bidict
from engineio import packet as engine_packet
from gevent import get_hub
from socketio import packet as socket_packet

from helpdesk.realtime import wire
from helpdesk.realtime.connections import Connection
from helpdesk.realtime.engine import DirectEngine
from helpdesk.realtime.fast import DirectSocket, write_to_all
from helpdesk.realtime.guard import GuardedServer
from helpdesk.realtime.rules import NAMESPACE, Limits


class DirectServer(GuardedServer):
    """The guarded server on a DirectEngine."""

    def __init__(self, limits: Limits, **options: Any) -> None:
        super().__init__(limits, client_manager=DirectManager(), **options)
        self.eio.limits = limits

    def emit_to(self, event: str, payload: Mapping[str, Any], connections: Iterable[Connection]) -> None:
        self.manager.emit_to(event, payload, list(connections))

    def _engineio_server_class(self) -> type[DirectEngine]:
        return DirectEngine


class Room(dict[str, str]):
    """A room without bidict's reverse map, which only the room of everybody needs."""

    @property
    def _fwdm(self) -> dict[str, str]:
        return self


class DirectManager(socketio.Manager):
    """Keeps the rooms, and writes an event as one ready frame to everybody who gets it."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms_of: dict[tuple[str, str], list[str | None]] = {}  # the stock one looks through all rooms
        self._hub: Any = None

    def emit(
        self, event: str, data: Any, namespace: str, room: Any = None, skip_sid: Any = None, callback: Any = None,
        to: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        """As the stock manager does; events with callbacks or binary data go its way."""
        if not self._is_ours(self.emit, event, data, namespace, room, skip_sid, callback, to):
            return
        room = to or room
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        text = self._encode(event, arguments, namespace)
        if callback or isinstance(text, list):
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **options)
            return
        skipped = set(skip_sid) if isinstance(skip_sid, list) else {skip_sid}
        receivers = [eio_sid for sid, eio_sid in self._receivers(namespace, room) if sid not in skipped]
        self._fan_out(receivers, text)

    def emit_to(self, event: str, payload: Mapping[str, Any], connections: Sequence[Connection]) -> None:
        """Send one event to these sockets of `/live`, without looking for each in a room; not to one that has left."""
        if self._is_ours(self.emit_to, event, payload, connections):
            rooms = self.rooms.get(NAMESPACE, {})
            receivers = [connection.eio_sid for connection in connections if connection.sid in rooms]
            self._fan_out(receivers, str(self._encode(event, [payload], NAMESPACE)))

    def _encode(self, event: str, arguments: list[Any], namespace: str) -> str | list[Any]:
        packet = self.server.packet_class(socket_packet.EVENT, namespace=namespace, data=[event, *arguments])
        encoded: str | list[Any] = packet.encode()
        return encoded

    def _is_ours(self, call: Callable[..., None], *arguments: Any) -> bool:
        """False in another thread, whose own hub must not touch our watchers: ours has been given the call then."""
        if self._hub is None:
            self._hub = get_hub()
        if get_hub() is self._hub:
            return True
        self._hub.loop.run_callback_threadsafe(gevent.spawn, call, *arguments)
        return False

    def _receivers(self, namespace: str, room: Any) -> Iterable[tuple[str, str]]:
        rooms = self.rooms.get(namespace, {})
        if isinstance(room, list | tuple | set):
            found: dict[str, str] = {}
            for name in room:
                found.update(rooms[name]._fwdm if name in rooms else {})
            return found.items()
        return list(rooms[room]._fwdm.items()) if room in rooms else ()

    def _fan_out(self, receivers: list[str], text: str) -> None:
        """One frame for all. Nothing below switches greenlets, so no client comes or goes meanwhile."""
        message = str(engine_packet.MESSAGE) + text
        find, direct = self.server.eio.sockets.get, []
        for client in map(find, receivers):
            if client is None or client.closed:
                continue
            if type(client) is DirectSocket:
                direct.append(client)
            else:  # not under UpgradeHandler: the stock queue
                client.send(engine_packet.Packet(engine_packet.MESSAGE, text))
        write_to_all(direct, wire.text_frame(message))

    # --- rooms: what leaving costs depends on one's own rooms only ------------------------------------------------

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        rooms = self.rooms.get(namespace, {})
        if namespace in self.rooms and room not in rooms and not (sid != room and self.is_sid_room(namespace, room)):
            rooms[room] = Room() if room is not None else bidict()
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._rooms_of.setdefault((namespace, sid), []).append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        super().basic_leave_room(sid, namespace, room)
        mine = self._rooms_of.get((namespace, sid), [])
        if room in mine:
            mine.remove(room)
        if not mine:
            self._rooms_of.pop((namespace, sid), None)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        for room in list(self._rooms_of.get((namespace, sid), ())):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]
