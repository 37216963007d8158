using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>A source without a database has no copy to be restored from: what is above its epoch is another source's.</summary>
public sealed class InProcessOutboxTests
{
    [Fact]
    public async Task Going_back_is_refused_with_what_mends_it()
    {
        var outbox = new InProcessOutbox(7, ["test.note.v1"], _ => { }, TimeProvider.System);
        var commit = new OutboxCommit
        {
            Shard = "in-process",
            LeaseId = Guid.NewGuid(),
            Counter = 0,
            Epoch = 7,
            Renew = TimeSpan.FromSeconds(1),
            GoBackFrom = new(9, "an epoch above ours"),
        };

        var error = await Assert.ThrowsAsync<SourceException>(async () =>
            await outbox.CommitAsync(commit, TestContext.Current.CancellationToken)
        );
        Assert.Contains("test.note.v1 shows epoch 9", error.Message, StringComparison.Ordinal);
        Assert.Contains("is at 7 (an epoch above ours)", error.Message, StringComparison.Ordinal);
        Assert.Contains("Publish a contract from one source of the process", error.Message, StringComparison.Ordinal);
    }
}
