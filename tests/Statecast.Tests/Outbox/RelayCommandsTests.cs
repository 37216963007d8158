using System.Threading.Channels;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Outbox;

public sealed class RelayCommandsTests
{
    [Fact]
    public async Task Store_is_listened_to_from_within_its_last_answer()
    {
        using var abort = new CancellationTokenSource();
        var store = new WaitingStore();
        var mailbox = new PromptMailbox();
        var commands = new RelayCommands(store, new IdleSender(), new(), TimeProvider.System, mailbox, abort.Token);
        // The quickest loop there can be: it has taken the answer before the work that gave it has ended.
        mailbox.Taken = () => commands.Listen(TimeSpan.FromMinutes(1));

        commands.Execute(new RelayCommand.Release(1, "shard", Guid.Empty));

        await store.Waited.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await abort.CancelAsync();
        await commands.EndAsync();
    }

    [Fact]
    public async Task Carrier_that_ends_by_the_deadline_is_told_as_no_answer_and_a_store_in_its_own_words()
    {
        using var abort = new CancellationTokenSource();
        var mailbox = Channel.CreateUnbounded<RelayInput>();
        var options = new RelayOptions { DeliveryTimeout = TimeSpan.FromMilliseconds(20) };
        var commands = new RelayCommands(new WaitingStore(), new IdleSender(), options, TimeProvider.System, mailbox, abort.Token);

        commands.Execute(new RelayCommand.Look(1, []));
        Assert.Equal("no answer within 00:00:00.0200000", await Reason());
        commands.Execute(new RelayCommand.Read(2, new("shard", false, 1, 0, [])));
        Assert.Equal("the database is busy", await Reason());
        await abort.CancelAsync();
        await commands.EndAsync();

        async Task<string> Reason() =>
            Assert.IsType<RelayInput.CommandFailed>(await mailbox.Reader.ReadAsync(TestContext.Current.CancellationToken)).Reason;
    }

    private sealed class PromptMailbox : ChannelWriter<RelayInput>
    {
        public Action? Taken { get; set; }

        public override bool TryWrite(RelayInput item)
        {
            if (item is RelayInput.Released)
                Taken!();
            return true;
        }

        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default) => new(true);
    }

    private sealed class WaitingStore : IOutboxStore
    {
        public string Database => "";

        public TaskCompletionSource Waited { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct) => ValueTask.CompletedTask;

        public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct)
        {
            Waited.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
        }

        public ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct) =>
            throw new TimeoutException("the database is busy");

        public ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class IdleSender : ITransportSender
    {
        public ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => throw new NotSupportedException();

        // Heeds the token, as a well-behaved client does.
        public async ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
        {
            await Task.Delay(Timeout.Infinite, ct);
            return [];
        }

        public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
