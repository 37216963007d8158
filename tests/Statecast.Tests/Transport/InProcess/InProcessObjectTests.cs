using System.Text;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Transport;
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
