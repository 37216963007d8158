using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing.Explicit;
using Statecast.Tests.Hosting;
using Statecast.Transport;
using Statecast.Transport.InProcess;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>The log keeps a key's newest record alone, and loses neither the causes of those before it nor that they were changes.</summary>
public sealed class InProcessCauseTests
{
    private readonly InProcessTransport _transport = InProcessTransportTests.New();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_cause_of_a_key_reaches_its_handler()
    {
        const int count = 40;
        await using var mediator = await Mediator.StartAsync(mode: InProcessMode.Queued);
        mediator.Heard.Does = _ => Task.Delay(1, Ct);
        for (var i = 0; i < count; i++)
            await mediator.Publisher.PublishAsync(new NoteState(1, $"{i}"), $"C{i}", Ct);
        await mediator.Statecast.WhenIdleAsync(Ct);
        await TargetHost.Until(() => mediator.Heard.Changes.LastOrDefault()?.Current?.Text == $"{count - 1}");
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"C{i}"), mediator.Heard.Changes.SelectMany(c => c.Causes));
    }

    [Fact]
    public async Task Record_carries_the_causes_that_its_reader_missed()
    {
        await using var sender = await SenderAsync();
        await Send(sender, 1, "Created");
        await using var target = await TargetAsync();
        await Send(sender, 2, "Paid");
        await Send(sender, 3, null);
        await Send(sender, 4, "Sent,Paid");
        Assert.Equal(["Created", "Paid,Sent"], (await ReadAsync(target)).Select(e => e.Causes));
        // Who comes later has read none of them.
        await using var late = await TargetAsync();
        Assert.Equal(["Created,Paid,Sent"], late.Events.Select(e => e.Causes));
    }

    [Fact]
    public async Task Causes_of_one_key_are_bounded()
    {
        await using var sender = await SenderAsync();
        for (var i = 1; i <= 50; i++)
            await Send(sender, i, $"{i:00}{new string('c', 50)}");
        await using var target = await TargetAsync();
        var causes = Causes.Split(Assert.Single(target.Events).Causes);
        Assert.Equal(9, causes.Count);
        Assert.StartsWith("50", causes[^1]);
    }

    [Theory, InlineData(true, StateOperation.Snapshot), InlineData(false, StateOperation.Upsert)]
    public async Task Snapshot_stays_the_change_that_its_reader_missed(bool read, StateOperation expected)
    {
        await using var sender = await SenderAsync();
        await Send(sender, 1, "Created");
        await using var target = await TargetAsync();
        await Send(sender, 2, "Paid");
        if (read)
            await ReadAsync(target);
        await Send(sender, 2, null, StateOperation.Snapshot);
        await Send(sender, 2, null, StateOperation.Snapshot);
        var last = (await ReadAsync(target))[^1];
        Assert.Equal((expected, read ? null : "Paid"), (last.Operation, last.Causes));
    }

    [Fact]
    public async Task Change_without_a_cause_outlives_a_snapshot_too()
    {
        await using var sender = await SenderAsync();
        await Send(sender, 1, null);
        await using var target = await TargetAsync();
        await Send(sender, 2, null);
        await Send(sender, 2, null, StateOperation.Snapshot);
        Assert.Equal([StateOperation.Upsert, StateOperation.Upsert], (await ReadAsync(target)).Select(e => e.Operation));
    }

    [Fact]
    public async Task Patches_hand_their_causes_on_to_the_full_state_that_replaces_them()
    {
        await using var sender = await SenderAsync();
        await Send(sender, 1, "Created");
        await using var target = await TargetAsync();
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([Patch("a", 2, "+") with { Causes = "Paid" }], Ct))[0].Result);
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([Patch("a", 3, "+") with { Causes = "Sent" }], Ct))[0].Result);
        await Send(sender, 3, null, StateOperation.Snapshot);
        var last = (await ReadAsync(target))[^1];
        Assert.Equal((StateOperation.Upsert, "Paid,Sent"), (last.Operation, last.Causes));
    }

    private async Task<ITransportSender> SenderAsync() =>
        await _transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json")]), Ct);

    private static async Task Send(ITransportSender sender, long revision, string? causes, StateOperation operation = StateOperation.Upsert)
    {
        var sent = Upsert("a", revision, $"{revision}", operation: operation) with { Causes = causes };
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([sent], Ct))[0].Result);
    }

    private async Task<ProbeTarget> TargetAsync()
    {
        var target = new ProbeTarget(await _transport.OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct));
        await target.UntilTail(4, Ct);
        return target;
    }

    private static async Task<IReadOnlyList<StateEvent>> ReadAsync(ProbeTarget target)
    {
        await target.Step(100, Ct);
        return [.. target.Events];
    }
}
