"""What engines report and what clients wait for meet in one place, encoded once, and nobody waits for anybody."""

from __future__ import annotations

import contextlib

from sightline.events.engine_link import Assign
from tests.integration.gateway_app import RunningGateway, deaf_client, observation, picture

MEGABYTE = 1_000_000


async def test_engine_results_reach_clients_of_two_kinds(gateway: RunningGateway) -> None:
    olga, olgas = await gateway.user("olga")
    _, ottos = await gateway.user("otto")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        gateway.alerts_client(olga, olgas) as one_user,
        gateway.client(ottos) as native,
        gateway.engine() as engine,
    ):
        await engine.sees(person, camera)
        anomaly = await one_user.next("anomaly_detected")
        alert = await native.data("alert_triggered")
        assert anomaly["result"] == alert
        assert alert["person"]["first_name"] == "Ada"


async def test_message_is_encoded_once(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(gateway.client(token)) for _ in range(20)]
        engine = await stack.enter_async_context(gateway.engine())
        await engine.until(lambda: engine.all(Assign))
        for client in clients:
            await client.send("subscribe_camera", camera_id=camera.id)
            await client.send("heartbeat")
            await client.next("heartbeat_ack")
        await engine.send(observation(camera.id, 1))
        await engine.sees(person, camera)
        alerts = [await client.heard_or_next("alert_triggered") for client in clients]
        shown = [await client.heard_or_next("face_detection_result") for client in clients]
    assert gateway.gateway.native_tail.encoded == 1
    assert gateway.gateway.hub.encoded_observations == 1
    assert all(alert == alerts[0] for alert in alerts)
    assert all(one["frame_id"] == 1 for one in shown)
    assert isinstance(alerts[0], dict), "wrapped twice, it would be a text"


async def test_client_far_behind_does_not_make_others_encode_again(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    epoch = (await gateway.gateway.store.log.bounds()).epoch
    async with gateway.engine() as engine:
        await engine.sees(person, camera, 150)
        async with gateway.client(token, resume={"epoch": epoch, "offset": 0}) as behind:
            for _ in range(100):  # and then it confirms nothing: it stays behind
                await behind.next("alert_triggered")
            async with gateway.client(token) as first, gateway.client(token) as second:
                for client in (first, second):
                    await client.next("caught_up")
                before = gateway.gateway.native_tail.encoded
                for number in range(1, 4):
                    await engine.sees(person, camera)
                    for client in (first, second):
                        await client.next("alert_triggered")
                    assert gateway.gateway.native_tail.encoded == before + number


async def test_dead_client_does_not_disturb_others(gateway: RunningGateway) -> None:
    """One client never reads, one vanished without a word; the others have every alert and picture."""
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with contextlib.AsyncExitStack() as stack:
        healthy = await stack.enter_async_context(gateway.client(token))
        engine = await stack.enter_async_context(gateway.engine())
        pictures = await stack.enter_async_context(gateway.engine_pictures())
        deaf, vanishing = [stack.enter_context(await deaf_client(gateway, token)) for _ in range(2)]
        await gateway.until(lambda: len(gateway.gateway.hub.of_user(user.id)) == 3)
        vanishing.close()
        await healthy.send("subscribe_camera", camera_id="*", frames=True)
        await healthy.send("heartbeat")
        await healthy.next("heartbeat_ack")
        for frame_id in range(1, 21):
            await engine.send(observation(camera.id, frame_id))
            await pictures.send(picture(camera.id, frame_id) + bytes(MEGABYTE))
            header, jpeg = await healthy.picture()
            assert (header["frame_id"], len(jpeg) > MEGABYTE) == (frame_id, True)
        for number in range(1, 11):
            await engine.sees(person, camera)
            assert (await healthy.data("alert_triggered"))["offset"] == number
        clients = gateway.gateway.hub.of_user(user.id)
        assert len(clients) == 2, "who vanished was noticed; who does not read keeps its place in the log"
        replaced = [client._outbox.replaced for client in clients]  # type: ignore[attr-defined]
        assert max(replaced) > 10, "of what the deaf client did not take, only the newest waits"
        assert min(replaced) == 0
        assert deaf.fileno() != -1
