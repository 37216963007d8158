using System.Text;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Transport;
using Statecast.Transport.InProcess;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>What a target gets of a state that is at hand: the object where it keeps objects, the very bytes of capture where it does not.</summary>
public sealed class InProcessObjectTests
{
    private static readonly Probe State = new("a", "value");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory, InlineData(true), InlineData(false)]
    public async Task Object_or_bytes_as_the_target_keeps_them(bool takesObjects)
    {
        var received = await ReceiveAsync(takesObjects, held: true);
        Assert.Same(State, received.State);
        Assert.Equal(takesObjects ? "" : """{"id":"a","value":"value"}""", Encoding.UTF8.GetString(received.Body.Span));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Bytes_where_the_object_is_gone(bool takesObjects)
    {
        var received = await ReceiveAsync(takesObjects, held: false);
        Assert.Null(received.State);
        Assert.Equal("""{"id":"a","value":"value"}""", Encoding.UTF8.GetString(received.Body.Span));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handed_states_are_bounded_by_the_bytes_they_are_encoded_to(bool encodedBefore)
    {
        const int states = 160;
        var bodyBytes = """{"id":"k000","value":"value"}""".Length;
        var transport = InProcessTransportTests.New();
        await using var sender = await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json")]), Ct);
        for (var i = 0; i < states; i++)
            Append(transport, new($"k{i:000}", "value"), encodedBefore ? bodyBytes : 0);

        var options = new ReceiverOptions("target", null, ProbeContracts.Item) { MaxBytes = (2 * bodyBytes) + 1 };
        await using var target = new ProbeTarget(await transport.OpenReceiverAsync(options, Ct));
        await target.UntilTail(4, Ct);
        var sizes = target.Deliveries.Select(d => d.Batches.Sum(b => b.Events.Count)).Where(n => n > 0).ToList();
        Assert.All(sizes.SkipLast(1), size => Assert.Equal(3, size));
        Assert.Equal(states, target.Newest().Count);
        Assert.Equal(states, target.Received.Count);
        // Nothing but the bytes bounds what is encoded: a replica on disk that is behind takes as much as it asks for.
        await using var large = new ProbeTarget(await transport.OpenReceiverAsync(options with { MaxBytes = long.MaxValue }, Ct));
        await large.UntilTail(4, Ct, maxEvents: states);
        Assert.Equal(states, large.Deliveries.Max(d => d.Batches.Sum(b => b.Events.Count)));
    }

    private static void Append(InProcessTransport transport, Probe state, int length)
    {
        var sent = Upsert(state.Id, 1) with { Body = default, State = state };
        Assert.Equal(SendResult.Confirmed, transport.Find(sent.Lane.Destination).Append(sent, length).Result);
    }

    private static async Task<StateEvent> ReceiveAsync(bool takesObjects, bool held)
    {
        var transport = InProcessTransportTests.New();
        await using var sender = await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json")]), Ct);
        var body = """{"id":"a","value":"value"}"""u8.ToArray();
        var sent = Upsert("a", 1) with { Body = body, Content = ContentFingerprint.Of(ProbeContracts.Item, State) };
        if (held)
            transport.Objects.Put(
                new()
                {
                    Carrier = transport.Carrier,
                    Lane = sent.Lane,
                    Contract = sent.Contract,
                    Key = sent.Key,
                    Revision = 1,
                    Operation = sent.Operation,
                    Codec = sent.Codec,
                    Schema = sent.Schema,
                    Content = sent.Content,
                    Body = body,
                    CapturedAt = sent.CapturedAt,
                },
                State
            );
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([sent], Ct))[0].Result);
        var options = new ReceiverOptions("target", null, ProbeContracts.Item) { TakesObjects = takesObjects };
        await using var target = new ProbeTarget(await transport.OpenReceiverAsync(options, Ct));
        await target.UntilTail(4, Ct);
        return target.Events.Single();
    }
}
