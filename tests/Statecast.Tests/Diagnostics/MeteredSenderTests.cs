using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Tests.Hosting;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Diagnostics;

/// <summary>What a send says of itself, whichever way it ends.</summary>
public sealed class MeteredSenderTests : IDisposable
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private readonly Telemetry _telemetry = new();
    private readonly string _carrier = $"carrier-{Guid.NewGuid():n}";
    private readonly FakeTimeProvider _time = new();

    private Activity Span => Assert.Single(_telemetry.Spans, s => Equals(s.GetTagItem("messaging.system"), _carrier));

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public async Task Confirmed_batch_is_one_client_span_linked_to_its_captures()
    {
        await SendAsync([Event("a", Trace), Event("b", null)], [new(SendResult.Confirmed, 1), new(SendResult.Refused)]);
        Assert.Equal(("send a.v1", ActivityKind.Client, ActivityStatusCode.Unset), (Span.OperationName, Span.Kind, Span.Status));
        Assert.Equal(default, Span.ParentSpanId);
        Assert.Equal(Trace[3..35], Assert.Single(Span.Links).Context.TraceId.ToString());
        Assert.Equal("send", Span.GetTagItem("messaging.operation.name"));
        Assert.Equal("send", Span.GetTagItem("messaging.operation.type"));
        Assert.Equal("a.v1", Span.GetTagItem("messaging.destination.name"));
        Assert.Equal(2, Span.GetTagItem("messaging.batch.message_count"));
        Assert.Null(Span.GetTagItem("error.type"));
        var sent = Assert.Single(_telemetry.Of("messaging.client.sent.messages", ("messaging.system", _carrier)));
        Assert.Equal((2, "a.v1", false), (sent.Value, sent.Tags["messaging.destination.name"], sent.Tags.ContainsKey("error.type")));
        var took = Assert.Single(_telemetry.Of("messaging.client.operation.duration", ("messaging.system", _carrier)));
        Assert.Equal((3, false), (took.Value, took.Tags.ContainsKey("error.type")));
    }

    [Fact]
    public async Task Each_outcome_is_counted_under_its_own_error()
    {
        await SendAsync(
            [Event("a"), Event("b"), Event("c"), Event("d")],
            [new(SendResult.Confirmed, 1), new(SendResult.Failed, 0, "no"), new(SendResult.Failed, 0, "no")]
        );
        Assert.Equal([("", 1.0), ("failed", 2.0), ("unknown", 1.0)], Sent("a.v1"));
        var took = Assert.Single(_telemetry.Of("messaging.client.operation.duration", ("messaging.system", _carrier)));
        Assert.Equal("failed", took.Tags["error.type"]);
        Assert.Equal(("failed", ActivityStatusCode.Error), (Span.GetTagItem("error.type"), Span.Status));
    }

    [Fact]
    public async Task Batch_of_two_destinations_names_none_and_counts_both()
    {
        await SendAsync(
            [Event("a"), Event("b") with { Lane = new("b.v1", 0) }],
            [new(SendResult.Confirmed, 1), new(SendResult.Confirmed, 1)]
        );
        Assert.Equal("send", Span.OperationName);
        Assert.Null(Span.GetTagItem("messaging.destination.name"));
        Assert.Equal([("", 1.0)], Sent("a.v1"));
        Assert.Equal([("", 1.0)], Sent("b.v1"));
    }

    [Fact]
    public async Task Send_that_throws_is_recorded_with_its_error()
    {
        await Assert.ThrowsAsync<TransportException>(() => SendAsync([Event("a"), Event("b")], null));
        var error = typeof(TransportException).FullName!;
        Assert.Equal([(error, 2.0)], Sent("a.v1"));
        var took = Assert.Single(_telemetry.Of("messaging.client.operation.duration", ("messaging.system", _carrier)));
        Assert.Equal((3, error), (took.Value, took.Tags["error.type"]));
        Assert.Equal((error, ActivityStatusCode.Error), (Span.GetTagItem("error.type"), Span.Status));
    }

    private IEnumerable<(string Error, double Count)> Sent(string destination) =>
        _telemetry
            .Of("messaging.client.sent.messages", ("messaging.system", _carrier), ("messaging.destination.name", destination))
            .Select(m => ((string?)m.Tags.GetValueOrDefault("error.type") ?? "", m.Value));

    private async Task SendAsync(IReadOnlyList<StateEvent> events, IReadOnlyList<SendOutcome>? outcomes)
    {
        var sender = new MeteredSender(new ScriptedSender(outcomes, _time), _carrier, _time);
        await sender.SendAsync(events, TestContext.Current.CancellationToken);
    }

    private static StateEvent Event(string key, string? trace = null) =>
        ScriptedTransport.Event(new(1, key), 1) with
        {
            Key = key,
            Lane = new("a.v1", 0),
            TraceParent = trace,
        };

    private sealed class ScriptedSender(IReadOnlyList<SendOutcome>? outcomes, FakeTimeProvider time) : ITransportSender
    {
        public ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            return new(outcomes ?? throw new TransportException("the carrier is away"));
        }

        public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
