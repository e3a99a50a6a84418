"""Market data for everybody (MKT-2): nothing here says who trades."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.clock import now
from apps.common.serializers import problems, read
from apps.trading import rules, selectors
from apps.trading.api.inputs import BookQuery, CandleQuery, TradesQuery
from apps.trading.api.outputs import (
    BookOutput,
    CandlesOutput,
    InstrumentOutput,
    InstrumentsOutput,
    PublicTradesOutput,
    TickerOutput,
)

_REFUSALS = problems(400, 404)


class Instruments(APIView):
    """What is traded."""

    @extend_schema(responses={200: InstrumentsOutput}, operation_id="instruments_list")
    def get(self, request: Request) -> Response:
        """List all instruments by symbol."""
        return Response({"results": [rules.instrument_body(each) for each in selectors.instruments()]})


class InstrumentDetail(APIView):
    """One instrument."""

    @extend_schema(responses={200: InstrumentOutput, **problems(404)})
    def get(self, request: Request, instrument_id: UUID) -> Response:
        """Show an instrument: its steps, bounds, fees, and whether it trades now."""
        return Response(rules.instrument_body(selectors.instrument(instrument_id)))


class Book(APIView):
    """The order book of an instrument."""

    @extend_schema(
        parameters=[OpenApiParameter("levels", int, description="of each side, 1 to 500; 50 if absent")],
        responses={200: BookOutput, **problems(400, 404, 503)},
    )
    def get(self, request: Request, instrument_id: UUID) -> Response:
        """Show the open quantity at each price."""
        query = read(BookQuery, request.query_params.dict())
        market = selectors.instrument(instrument_id)
        depth = selectors.book(instrument_id, levels=query["levels"])
        return Response(
            {
                "instrument": str(market.id),
                "sequence": depth.sequence,
                "bids": rules.book_body(depth.bids, market),
                "asks": rules.book_body(depth.asks, market),
            }
        )


class PublicTrades(APIView):
    """The last trades of an instrument."""

    @extend_schema(
        parameters=[OpenApiParameter("limit", int, description="1 to 500; 50 if absent")],
        responses={200: PublicTradesOutput, **_REFUSALS},
        operation_id="instrument_trades_list",
    )
    def get(self, request: Request, instrument_id: UUID) -> Response:
        """List the last trades, newest first."""
        query = read(TradesQuery, request.query_params.dict())
        market = selectors.instrument(instrument_id)
        trades = selectors.public_trades(instrument_id, limit=query["limit"])
        return Response({"results": [rules.public_trade_body(each, market) for each in trades]})


class Candles(APIView):
    """The prices of an instrument over time."""

    @extend_schema(
        parameters=[
            OpenApiParameter("interval", enum=["1m"]),
            OpenApiParameter("limit", int, description="1 to 1000; 500 if absent"),
            OpenApiParameter("until", description="only trades before this instant; now if absent"),
        ],
        responses={200: CandlesOutput, **_REFUSALS},
        operation_id="instrument_candles_list",
    )
    def get(self, request: Request, instrument_id: UUID) -> Response:
        """List the last candles, oldest first; minutes without trades are left out."""
        query = read(CandleQuery, request.query_params.dict())
        market = selectors.instrument(instrument_id)
        found = selectors.candles(instrument_id, until=query.get("until") or now(), limit=query["limit"])
        results = [rules.candle_body(each, market) for each in found]
        return Response({"interval": query["interval"], "results": results})


class TickerDetail(APIView):
    """A market at a glance."""

    @extend_schema(responses={200: TickerOutput, **problems(404)})
    def get(self, request: Request, instrument_id: UUID) -> Response:
        """Show the last price, the best bid and ask, and the last 24 hours."""
        market = selectors.instrument(instrument_id)
        return Response(rules.ticker_body(selectors.ticker(instrument_id, at=now()), market))
