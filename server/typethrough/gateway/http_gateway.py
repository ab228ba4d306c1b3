"""The gateway as the engine sees it: it takes a prompt, and gives text as it arrives, then an end or a `GatewayError`.

It connects request, transport, reply and health, and is the only place where HTTP errors become `GatewayError`s. It does
not know why a completion is wanted.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import httpx

from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import (
    CredentialsRejected,
    Finish,
    GatewayError,
    GatewayProtocolError,
    GatewayUnavailable,
    ModelNotFound,
    Preview,
)
from typethrough.gateway.catalogue import offer
from typethrough.gateway.connections import open_transport
from typethrough.gateway.doorway import Crowded, Doorway
from typethrough.gateway.encoding import unpacker_for
from typethrough.gateway.errands import Errands
from typethrough.gateway.error_bodies import parse_error_body
from typethrough.gateway.health import Health
from typethrough.gateway.model_facts import ModelFacts
from typethrough.gateway.network_faults import network_error
from typethrough.gateway.refusals import model_places, rejection
from typethrough.gateway.reply import Reply
from typethrough.gateway.settlement import Settlement
from typethrough.gateway.wire import RequestEncoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from typethrough.core.models import ModelProfile
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.ports import Clock, Gateway, OnCounted
    from typethrough.gateway.connections import GatewayTransport
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.model_facts import CatalogueFile
    from typethrough.gateway.oidc import TokenSource

_ERROR_BODY_BYTES = 64 * 1024
_ERROR_BODY_S = 2.0
_CROWDED = "Too many questions were under way at once; the newest go first."
# For transports without "release". Ours does this in the background.
_LINGER_S = 0.1
# Usually one is enough. A strict gateway that names one parameter at a time may need a few, once per session.
_DIALECT_RETRIES = 4
# How long the message about an unknown model waits for the list of known ones.
_LIST_S = 2.0


class HttpGateway:
    """A `Gateway` over an httpx transport."""

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        transport: GatewayTransport,
        *,
        catalogue: CatalogueFile | None = None,
        tokens: TokenSource | None = None,
        doorway: Doorway | None = None,
        error_body_s: float = _ERROR_BODY_S,
        is_successor: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._transport = transport
        self._tokens = tokens
        self._refused_token = ""
        self._says_endings = False
        self._error_body_s = error_body_s
        self._is_successor = is_successor
        self._health = Health()
        self._doorway = doorway or Doorway(clock, is_local=endpoint.profile.is_local)
        self._encoder = RequestEncoder(endpoint) if not endpoint.problem else None
        self._profile = endpoint.profile
        if not endpoint.problem:
            self._profile = replace(endpoint.profile, fim=endpoint.fim)
        self._errands = Errands(
            lambda: open_transport(endpoint, clock, keeps_spare=False),
            lambda: self._endpoint.key,
            own_headers=endpoint.headers,
        )
        self._settlement = Settlement(self._errands, clock, self._generation_url)
        self._facts: ModelFacts | None = None
        if catalogue is not None and not endpoint.problem:
            self._facts = ModelFacts(endpoint, self._profile, self._errands, catalogue, clock)

    @property
    def model(self) -> str:
        """The model's name in the endpoint's spelling."""
        return self._endpoint.model

    @property
    def profile(self) -> ModelProfile:
        """What is known of the model here. `fim` is set only if the fill-in-the-middle form is to be used."""
        return self._facts.profile if self._facts is not None else self._profile

    @property
    def successors(self) -> tuple[str, ...]:
        """The models that can replace it if the endpoint no longer has it. If a list could be read: only what it has."""
        facts = self._facts.listing if self._facts is not None else None
        if facts is not None and (facts.successor or not facts.listed or facts.takes_any_name):
            return (facts.successor,) if facts.successor else ()
        names = self._endpoint.profile.successors
        if self._endpoint.is_vercel:
            return names
        # Other endpoints may omit the vendor in the model's name.
        return tuple(spelt for name in names for spelt in dict.fromkeys((name, name.rpartition("/")[2])))

    @property
    def listed_successor(self) -> str:
        """The model that replaces it, if it is known to be gone. Usually empty."""
        return self._facts.successor if self._facts is not None else ""

    def note_gone(self, successor: str) -> bool:
        """Note that the endpoint no longer has the model, but has this successor. Returns whether the user does not know yet."""
        return self._facts.note_gone(successor) if self._facts is not None else True

    def model_places(self) -> dict[str, str]:
        """The values for a message about the model's end."""
        return model_places(self._endpoint)

    def refusal(self) -> str:
        """Why a request would not be sent now, or the empty string."""
        return self._endpoint.problem or self._health.refusal(self._clock.now())

    @property
    def most_at_once(self) -> float:
        """How many questions the endpoint can handle now."""
        return self._doorway.allowed

    def try_again(self) -> None:
        """Let the next request find out whether the cause of a refusal is gone."""
        self._health.try_again(self._clock.now())

    async def stream(
        self,
        prompt: Prompt,
        on_text: Callable[[str], None],
        on_counted: OnCounted | None = None,
    ) -> Finish:
        """Send `prompt`, give its text to `on_text` as it arrives, and return how it ended. Raises GatewayError."""
        if self._encoder is None:
            raise CredentialsRejected(self._endpoint.problem, status=0, code="settings", fault=Fault.SETTINGS)
        refusal = self._health.refusal(self._clock.now())
        if refusal:
            raise GatewayUnavailable(refusal, fault=Fault.CROWDED)
        try:
            await self._doorway.enter()
        except Crowded:
            raise GatewayUnavailable(_CROWDED, fault=Fault.CROWDED) from None
        if refusal := self._health.refusal(self._clock.now()):
            # Another request was refused while this one waited.
            self._doorway.leave()
            raise GatewayUnavailable(refusal, fault=Fault.CROWDED)
        self._health.started()
        try:
            end = await self._explained(self._stream(self._encoder, prompt, on_text, on_counted))
        except GatewayError as error:
            self._health.failed(error, self._clock.now())
            raise
        except BaseException:
            self._health.abandoned()
            raise
        finally:
            self._doorway.leave()
        self._health.succeeded(self._clock.now())
        return end

    async def _explained(self, answer: Awaitable[Finish]) -> Finish:
        """The answer. If the model is unknown, the error also names models that the endpoint has."""
        try:
            return await answer
        except ModelNotFound as error:
            facts = None
            if self._facts is not None and not self._is_successor:
                facts = await self._facts.settled(_LIST_S)
            said = offer(facts, self._endpoint.profile)
            said = "" if self._endpoint.shows(said) else said
            raise ModelNotFound(f"{error}{said}", status=error.status, code=error.code) from None

    def preview(self, prompt: Prompt) -> Preview:
        """What `stream` would send now. Raises GatewayRejected if the settings allow no request."""
        if self._encoder is None:
            raise CredentialsRejected(self._endpoint.problem, status=0, code="settings", fault=Fault.SETTINGS)
        return Preview(str(self._url(prompt)), self._encoder.body(prompt))

    def _url(self, prompt: Prompt) -> httpx.URL:
        return self._endpoint.text_url if prompt.raw else self._endpoint.url

    def race(self) -> None:
        """None, because there is only one model."""

    async def warm(self) -> None:
        """Open a connection for the next request, and check for news about the model. Network errors are ignored here."""
        if self._facts is not None:
            self._facts.look()
        if not self._endpoint.problem:
            try:
                await self._transport.warm()
            except httpx.TransportError:
                # The next request meets the same problem and reports it.
                return

    async def connect(self) -> None:
        """Open a connection, like `warm`, but raise GatewayError if that fails."""
        if refusal := self.refusal():
            raise GatewayUnavailable(refusal)
        try:
            await self._transport.warm()
        except httpx.TransportError as error:
            raise network_error(error, self._endpoint) from None

    async def aclose(self) -> None:
        """Close all connections."""
        if self._facts is not None:
            await self._facts.aclose()
        await self._settlement.aclose()
        await self._errands.aclose()
        await self._transport.aclose()

    async def _stream(
        self,
        encoder: RequestEncoder,
        prompt: Prompt,
        on_text: Callable[[str], None],
        on_counted: OnCounted | None,
    ) -> Finish:
        reply = Reply(self._endpoint, prompt)
        try:
            response = await self._send(encoder, prompt)
            try:
                return await self._read(response, reply, on_text)
            except GatewayError:
                # Some servers refuse the roles only inside the stream.
                if prompt.raw or reply.refusal is None or not encoder.rearrange(400, reply.refusal):
                    raise
            finally:
                if reply.has_reasoned:
                    encoder.has_reasoned()
                await response.aclose()
        except asyncio.CancelledError:
            if on_counted is not None and reply.uncounted_id:
                self._settlement.claim(reply.uncounted_id, on_counted)
            raise
        except httpx.TransportError as error:
            raise network_error(error, self._endpoint) from None
        return await self._stream(encoder, prompt, on_text, on_counted)

    async def _send(self, encoder: RequestEncoder, prompt: Prompt) -> httpx.Response:
        tokens = self._tokens
        if tokens is None:
            return await self._send_once(encoder, prompt)
        if tokens.is_ending(self._endpoint.key) or self._endpoint.key == self._refused_token:
            # Without a newer token, send the old one. The gateway's clock counts, and ours may be wrong.
            await self._renew(tokens, encoder)
        try:
            return await self._send_once(encoder, prompt)
        except CredentialsRejected as error:
            if error.status != 401:
                raise
        self._refused_token = self._endpoint.key
        if await self._renew(tokens, encoder):
            return await self._send_once(encoder, prompt)
        raise CredentialsRejected(tokens.advice(), status=401, fault=Fault.TOKEN_ENDED)

    async def _renew(self, tokens: TokenSource, encoder: RequestEncoder) -> bool:
        """Use the next token, if there is one. Returns whether there is."""
        token = await tokens.successor(self._endpoint.key)
        if token:
            self._endpoint = replace(self._endpoint, api_key=token)
            encoder.authorize(token)
        return bool(token)

    async def _send_once(self, encoder: RequestEncoder, prompt: Prompt) -> httpx.Response:
        for retries_left in reversed(range(_DIALECT_RETRIES + 1)):
            body = encoder.body(prompt)
            headers = [*encoder.headers(prompt), (b"Content-Length", b"%d" % len(body))]
            # Built as a stream, because computing httpx's default headers takes most of the time of making a request.
            request = httpx.Request("POST", self._url(prompt), headers=headers, stream=httpx.ByteStream(body))
            request.read()
            sent_s = self._clock.now()
            response = await self._transport.handle_async_request(request)
            if response.status_code == 200:
                if (page := self._endpoint.refused_by_proxy(200, response.headers)) is not None:
                    await response.aclose()
                    raise page
                self._doorway.answered((self._clock.now() - sent_s) * 1_000, response.headers)
                return response
            if response.status_code == 429:
                self._doorway.limited()
            error = parse_error_body(await self._error_body(response))
            status = response.status_code
            if retries_left and (
                (status in (400, 422) and encoder.refuse(error, prompt))
                or (not prompt.raw and encoder.rearrange(status, error))
            ):
                continue
            break
        raise rejection(response.status_code, response.headers, error, self._endpoint, prompt)

    async def _read(self, response: httpx.Response, reply: Reply, on_text: Callable[[str], None]) -> Finish:
        unpacker = unpacker_for(response.headers.get("content-encoding", ""))
        chunks, task = _body(response), asyncio.current_task()
        is_whole = True

        def arrived(chunk: bytes) -> bool:
            text = reply.feed(chunk if unpacker is None else unpacker.feed(chunk))
            if text:
                self._health.succeeded(self._clock.now())
                on_text(text)
            return reply.is_done or reply.error is not None or (task is not None and task.cancelling() > 0)

        hand_on = response.extensions.get("hand_on")
        try:
            if hand_on is not None:
                await hand_on(arrived)
            else:
                async for chunk in chunks:
                    if arrived(chunk):
                        break
            if task is not None and task.cancelling():
                # Cancelled inside `on_text`. This await lets CancelledError be raised before more text follows.
                await asyncio.sleep(0)
        except httpx.RemoteProtocolError:
            # The connection was interrupted. The text until then may still be a complete answer.
            is_whole = False
        # A gateway that has once reported the end of an answer always does. Without a report, the answer was interrupted.
        text = reply.end(may_lack_ending=is_whole and not self._says_endings, is_whole=is_whole)
        if text:
            self._health.succeeded(self._clock.now())
            on_text(text)
        if reply.error:
            raise reply.error
        self._says_endings = self._says_endings or reply.has_ending
        await _let_go(response, chunks)
        return reply.stream_end()

    def _generation_url(self, generation_id: str) -> httpx.URL:
        return self._endpoint.beside("/generation").copy_with(params={"id": generation_id})

    async def _error_body(self, response: httpx.Response) -> bytes:
        body = b""
        try:
            unpacker = unpacker_for(response.headers.get("content-encoding", ""))
            async with asyncio.timeout(self._error_body_s):
                async for chunk in _body(response):
                    told = chunk if unpacker is None else unpacker.feed(chunk)
                    body += told[: _ERROR_BODY_BYTES - len(body)]
                    if len(body) >= _ERROR_BODY_BYTES:
                        break
        except (TimeoutError, httpx.TransportError, GatewayProtocolError):
            # The status alone is enough.
            pass
        finally:
            await response.aclose()
        return body


def open_gateway(endpoint: Endpoint, clock: Clock) -> Gateway:
    """The gateway for an endpoint, direct or through a proxy. Opens nothing yet."""
    return HttpGateway(endpoint, clock, open_transport(endpoint, clock))


async def _let_go(response: httpx.Response, chunks: AsyncIterator[bytes]) -> None:
    # The text is complete, but the end of the HTTP body may still be on its way. The connection can be kept only after that.
    release = response.extensions.get("release")
    if release is not None:
        release()
        return
    try:
        async with asyncio.timeout(_LINGER_S):
            async for _ in chunks:
                pass
    except (TimeoutError, httpx.TransportError, httpx.StreamError):
        return


def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    # Read directly from the transport. httpx's own iterators add decoding and a copy, which are not needed here.
    return aiter(cast("httpx.AsyncByteStream", response.stream))
