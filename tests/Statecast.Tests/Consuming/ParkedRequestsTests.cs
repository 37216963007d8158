using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Tests.Consuming;

public sealed class ParkedRequestsTests
{
    private readonly ParkedRequests _requests = new();

    [Fact]
    public void Unreadable_row_is_asked_for_once_however_often_it_is_read()
    {
        for (var read = 0; read < 1000; read++)
        {
            _requests.Unreadable(Row("a", 1), "no state");
            _requests.Unreadable(Row("b", 1), "no state");
        }
        Assert.Equal(["a", "b"], new[] { _requests.Take()!.Key, _requests.Take()!.Key });
        Assert.Null(_requests.Take());
        // It was taken, perhaps in vain: who finds it again asks again.
        _requests.Unreadable(Row("a", 2), "no state");
        Assert.Equal(new StateRevision(1, 2), _requests.Take()!.Unreadable!.Value.Revision);
    }

    [Fact]
    public async Task Closed_requests_are_refused_at_once()
    {
        var waiting = _requests.AskAsync("a", drop: false, default);
        _requests.Close();
        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _requests.AskAsync("a", drop: true, default));
        _requests.Unreadable(Row("a", 1), "no state");
        Assert.Null(_requests.Take());
    }

    private static ReplicaRow Row(string key, long revision) =>
        new()
        {
            Key = key,
            Revision = new(1, revision),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = default,
            CapturedAt = DateTimeOffset.UnixEpoch,
        };
}
