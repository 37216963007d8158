using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>What befalls the files of a log.</summary>
public sealed class SqliteLogFileTests : SqliteLogCase
{
    [Fact]
    public async Task Batch_that_fails_by_a_defect_fails_no_other()
    {
        var guard = new FailingGuard { Fails = true };
        var transport = new SqliteLogTransport(new() { Directory = Log }, guard);
        await using var sender = await transport.OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json")]), Ct);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await sender.SendAsync([Upsert("a", 1)], Ct));
        guard.Fails = false;
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([Upsert("a", 1)], Ct))[0].Result);
    }

    [Fact]
    public async Task Copied_file_is_refused_to_another_source()
    {
        await using (var sender = await Sender())
            await sender.SendAsync([Upsert("a", 1)], Ct);
        File.Copy(FilePath, Path.Combine(Log, "other.db"));
        var refused = await Assert.ThrowsAsync<TransportException>(async () => await Sender("other"));
        Assert.Contains($"belongs to the source '{Source}'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData(".hidden")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public async Task Name_that_would_lead_elsewhere_is_refused(string source)
    {
        await Assert.ThrowsAsync<TransportException>(async () => await Sender(source));
        Assert.Empty(Directory.GetFiles(Folder.Path, "*.db"));
    }

    [Fact]
    public async Task Locked_file_fails_sends_with_the_reason_until_it_is_free()
    {
        await using var sender = await Sender();
        await using (var other = await Raw(FilePath))
        {
            await Execute(other, "BEGIN IMMEDIATE");
            var outcomes = await sender.SendAsync([Upsert("a", 1), Upsert("b", 1)], Ct);
            Assert.All(outcomes, o => Assert.Equal(SendResult.Failed, o.Result));
            Assert.All(outcomes, o => Assert.Contains("BusyTimeout", o.Reason, StringComparison.Ordinal));
            await Assert.ThrowsAsync<TransportException>(async () => await sender.SendHeartbeatAsync(Word([], Time), Ct));
        }
        Assert.All(await sender.SendAsync([Upsert("a", 1)], Ct), o => Assert.Equal(SendResult.Confirmed, o.Result));
    }

    [Fact]
    public async Task Contract_added_to_an_existing_file_is_found()
    {
        await using (var sender = await Sender())
            await sender.SendAsync([Upsert("a", 1)], Ct);
        await using var target = await Target(ProbeContracts.Other);
        using var early = new CancellationTokenSource();
        var waiting = target.Step(10, early.Token);
        await using var both = await Create()
            .OpenSenderAsync(new(Source, [new(ProbeContracts.Item, 4, "json"), new(ProbeContracts.Other, 2, "json")]), Ct);
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Equal(2, target.Open.Count);
    }

    [Fact]
    public async Task Older_library_is_refused()
    {
        var options = new SqliteLogOptions { Directory = Log, LibraryVersion = new(3, 51, 2) };
        var refused = Assert.Throws<TransportException>(() => new SqliteLogTransport(options));
        Assert.Contains("3.51.2", refused.Message, StringComparison.Ordinal);
        options.AllowOlderLibrary = true;
        await using var sender = await new SqliteLogTransport(options).OpenSenderAsync(new(Source, []), Ct);
    }

    [Fact]
    public async Task Files_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
            return;
        }
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 1)], Ct);
        foreach (var file in Directory.GetFiles(Log))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Log));
    }

    [Fact]
    public async Task Delivery_is_bounded_in_bytes()
    {
        await using var sender = await Sender();
        await sender.SendAsync([.. Enumerable.Range(0, 30).Select(i => Upsert($"k{i}", 1, new string('x', 1000)))], Ct);
        var transport = new SqliteLogTransport(new SqliteLogOptions { Directory = Log, MaxDeliveryBytes = 3000 });
        await using var target = new ProbeTarget(await transport.OpenReceiverAsync(new("t", null, ProbeContracts.Item), Ct));
        await target.UntilTail(4, Ct);
        Assert.Equal(30, target.Received.Count);
        Assert.All(target.Deliveries, d => Assert.InRange(d.Batches.Sum(b => b.Events.Count), 0, 3));
    }

    private sealed class FailingGuard : IGuard
    {
        public bool Fails { get; set; }

        public GuardVerdict Judge(KeyNewest? newest, StateEvent incoming, long floorEpoch) =>
            Fails ? throw new InvalidOperationException("a defect") : Guard.Instance.Judge(newest, incoming, floorEpoch);
    }
}
