using Microsoft.Data.Sqlite;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>What befalls the files of a log.</summary>
public sealed class SqliteLogFileTests : IDisposable
{
    private const int FileFailing = 4003;
    private const int SecondSource = 4005;
    private const int OwnerAway = 4007;
    private const int WentBack = 4006;
    private readonly TempDirectory _directory = new();
    private readonly CapturedLog _log = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Log => _directory.File("log");

    private string FilePath => Path.Combine(Log, $"{Source}.db");

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

    private sealed class FailingGuard : IGuard
    {
        public bool Fails { get; set; }

        public GuardVerdict Judge(KeyNewest? newest, StateEvent incoming, long floorEpoch) =>
            Fails ? throw new InvalidOperationException("a defect") : Guard.Instance.Judge(newest, incoming, floorEpoch);
    }

    [Fact]
    public async Task File_of_something_else_keeps_nobody_waiting()
    {
        Directory.CreateDirectory(Log);
        await File.WriteAllTextAsync(Path.Combine(Log, "a-text.db"), string.Concat(Enumerable.Repeat("no database ", 500)), Ct);
        await using (var foreign = await Raw(Path.Combine(Log, "b-foreign.db")))
            await Execute(foreign, "CREATE TABLE source (id INTEGER)");
        await File.WriteAllTextAsync(Path.Combine(Log, "c-empty.db"), "", Ct);
        await using (var newer = await Sender("d-newer"))
            await newer.SendAsync([Upsert("a", 1)], Ct);
        await using (var newer = await Raw(Path.Combine(Log, "d-newer.db")))
            await Execute(newer, "PRAGMA user_version = 99");

        await using var sender = await Sender();
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        await sender.SendAsync([Upsert("a", 1, "good")], Ct);
        await target.Until(t => t.Newest().ContainsKey("a"), Ct);
        Assert.Equal("good", target.Newest()["a"]);
        var told = _log.Of(FileFailing).ToList();
        Assert.Equal(["a-text.db", "b-foreign.db", "d-newer.db"], told.Select(NameIn).Order());
        Assert.Contains("layout 99", told.Single(t => t.Contains("d-newer", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("damaged", told.Single(t => t.Contains("a-text", StringComparison.Ordinal)), StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<TransportException>(async () => await Sender("d-newer"));
        Assert.Contains("layout 99", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TransportException>(async () => await Sender("b-foreign"));
        await Assert.ThrowsAsync<TransportException>(async () => await Sender("a-text"));
    }

    [Theory]
    [InlineData("operation = 9")]
    [InlineData("schema = x'0102'")]
    [InlineData("lease_id = NULL")]
    [InlineData("lane = 77")]
    [InlineData("epoch = 'text'")]
    [InlineData("captured_at = 9223372036854775807")]
    [InlineData("body = NULL")]
    [InlineData("key = x'ff00'")]
    public async Task Record_that_is_no_event_comes_with_its_defect(string damage)
    {
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 1), Upsert("bad", 1, "bytes"), Upsert("c", 1)], Ct);
        await using (var raw = await Raw(FilePath))
        {
            await Execute(raw, "PRAGMA ignore_check_constraints = 1");
            await Execute(raw, "PRAGMA writable_schema = 1");
            // The columns are declared NOT NULL; damage does not ask.
            await Execute(
                raw,
                "UPDATE sqlite_schema SET sql = replace(sql, 'lease_id BLOB NOT NULL', 'lease_id BLOB') WHERE name LIKE 'record.%'"
            );
        }
        await using (var raw = await Raw(FilePath))
            await Execute(raw, $"UPDATE \"record.probe.item.v1\" SET {damage} WHERE key = 'bad'");

        await using var target = await Target();
        await target.UntilTail(4, Ct);
        Assert.Equal(["a", "c"], target.Events.Select(e => e.Key).Order());
        var bad = Assert.Single(target.Received, r => r.Event is null);
        Assert.Contains("no event", bad.Defect, StringComparison.Ordinal);
        Assert.Equal(2, bad.Position);
        Assert.Equal(damage.StartsWith("key", StringComparison.Ordinal) ? null : "bad", bad.Key);
        if (!damage.StartsWith("body", StringComparison.Ordinal))
            Assert.Equal("bytes"u8.ToArray(), bad.Raw.ToArray());
        await sender.SendAsync([Upsert("d", 1)], Ct);
        await target.Until(t => t.Events.Any(e => e.Key == "d"), Ct);
    }

    [Fact]
    public async Task Damaged_page_stops_its_file_only_and_after_what_could_be_read()
    {
        await using (var sender = await Sender())
            for (var i = 0; i < 40; i++)
                await sender.SendAsync([.. Enumerable.Range(0, 10).Select(j => Upsert($"k{i:00}{j}", 1, new string('x', 500)))], Ct);
        await using (var raw = await Raw(FilePath))
            await Execute(raw, "PRAGMA wal_checkpoint(TRUNCATE)");
        var page = await PageOf(350);
        await using (var file = new FileStream(FilePath, FileMode.Open))
        {
            file.Position = (page - 1) * 4096;
            await file.WriteAsync(Enumerable.Repeat((byte)0x55, 4096).ToArray(), Ct);
        }
        await using var good = await Sender("z-good", ProbeContracts.Other);
        await good.SendAsync([Upsert("good", 1, contract: ProbeContracts.Other)], Ct);
        await using var target = await Target();
        await using var other = await Target(ProbeContracts.Other);
        await target.Until(t => t.Received.Count >= 300, Ct);
        await other.UntilTail(4, Ct);
        Assert.Single(other.Received);

        using var waiting = new CancellationTokenSource();
        var receiving = target.Until(_ => false, waiting.Token);
        await Until(() => _log.Of(FileFailing).Any());
        Assert.Contains("damaged", Assert.Single(_log.Of(FileFailing)), StringComparison.Ordinal);
        Assert.InRange(target.Received.Count, 300, 350);
        Assert.NotEqual(4, target.AtTail.Count);
        await waiting.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
    }

    [Fact]
    public async Task Second_source_of_a_contract_is_parked_and_told()
    {
        await using var owner = await Sender("owner");
        await owner.SendAsync([Upsert("a", 1, "owner")], Ct);
        await using var intruder = await Sender("intruder");
        await intruder.SendAsync([Upsert("a", 5, "intruder"), Upsert("b", 1, "intruder")], Ct);
        await intruder.SendHeartbeatAsync(Word(await intruder.ReadEndsAsync(Lanes(), Ct), Time), Ct);

        await using var target = await Target();
        await target.Until(t => t.Received.Count == 3 && t.AtTail.Count >= 3, Ct);
        Assert.Equal("owner", Assert.Single(target.Events).Source);
        var parked = target.Received.Where(r => r.Event is null).ToList();
        Assert.Equal(["a", "b"], parked.Select(p => p.Key).Order());
        Assert.All(parked, p => Assert.Contains("'intruder' publishes 'probe.item.v1' too", p.Defect, StringComparison.Ordinal));
        Assert.Equal("intruder"u8.ToArray(), parked[0].Raw.ToArray());
        Assert.Contains("intruder.db", Assert.Single(_log.Of(SecondSource)), StringComparison.Ordinal);
        var ends = await owner.ReadEndsAsync(Lanes(), Ct);
        Assert.All(ends, end => Assert.Equal(end.Position, target.Next[end.Lane]));

        await owner.SendHeartbeatAsync(Word(ends, Time) with { Source = "owner" }, Ct);
        await target.Until(t => t.Words.Count > 0, Ct);
        Assert.Equal("owner", target.Words[0].Word.Source);

        // The owner's file is moved away, as its repair says: that does not make the contract the other's.
        await owner.DisposeAsync();
        foreach (var file in Directory.GetFiles(Log, "owner.db*"))
            File.Delete(file);
        await target.Until(t => t.Deliveries.Any(d => d.Closed.Count == 4), Ct);
        Assert.Contains("'owner'", Assert.Single(_log.Of(OwnerAway)), StringComparison.Ordinal);
        await using var again = await Sender("owner");
        await again.SendAsync([Upsert("a", 2, "owner again")], Ct);
        await target.Until(t => t.Newest().GetValueOrDefault("a") == "owner again", Ct);
        Assert.All(target.Events, e => Assert.Equal("owner", e.Source));

        // A target that begins now and knows no owner has the oldest file.
        await using var fresh = await Target();
        await fresh.Until(t => t.Newest().GetValueOrDefault("a") == "intruder", Ct);
        // One that knows it has not.
        await using var knowing = await Target(source: "owner");
        await knowing.Until(t => t.Newest().GetValueOrDefault("a") == "owner again", Ct);
    }

    [Fact]
    public async Task Events_of_other_sources_count_against_the_same_bytes()
    {
        const int bodyBytes = 100;
        await using var owner = await Sender("owner");
        await using var second = await Sender("second");
        await using var third = await Sender("third");
        foreach (var sender in new[] { owner, second, third })
            await sender.SendAsync([.. Enumerable.Range(0, 4).Select(i => Upsert($"k{i}", 1, new string('x', bodyBytes)))], Ct);
        // The owner's four, and one of another's.
        await using var target = await Target(maxBytes: (4 * bodyBytes) + 50);
        await target.Until(t => t.Received.Count == 12, Ct);
        var sizes = target.Deliveries.Select(d => d.Batches.Sum(b => b.Events.Count)).Where(n => n > 0).ToList();
        Assert.Equal([5, 5, 2], sizes);
    }

    [Fact]
    public async Task Log_made_anew_reopens_its_lanes_under_another_incarnation()
    {
        await using var old = await Sender();
        await old.SendAsync([Upsert("a", 1, "old"), Upsert("b", 1, "old")], Ct);
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        var incarnation = target.Open.Values.First().Incarnation;

        foreach (var file in Directory.GetFiles(Log))
            File.Delete(file);
        // No word of the old ends reaches the new file.
        await Assert.ThrowsAsync<TransportException>(async () => await old.SendHeartbeatAsync(Word([], Time), Ct));
        Assert.Equal(SendResult.Confirmed, Assert.Single(await old.SendAsync([Upsert("a", 2)], Ct)).Result);

        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 3, "new")], Ct);
        await target.Until(t => t.Newest()["a"] == "new" && t.AtTail.Count == 4, Ct);
        Assert.All(target.Open.Values, o => Assert.NotEqual(incarnation, o.Incarnation));
        Assert.Equal(incarnation, target.Deliveries[0].Opened[0].Incarnation);
    }

    [Fact]
    public async Task Log_that_went_back_is_read_again_from_its_start()
    {
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 1, "one")], Ct);
        await using (var raw = await Raw(FilePath))
            await Execute(raw, $"VACUUM INTO '{_directory.File("copy.db")}'");
        await sender.SendAsync([.. Enumerable.Range(2, 5).Select(i => Upsert("a", i, $"{i}"))], Ct);
        Dictionary<LaneId, long> positions;
        await using (var target = await Target())
        {
            await target.UntilTail(4, Ct);
            positions = target.Next;
        }
        await sender.DisposeAsync();
        File.Copy(_directory.File("copy.db"), FilePath, overwrite: true);

        await using var again = await Sender();
        await again.SendAsync([Upsert("a", 2, "after")], Ct);
        await using var late = await Target(positions: positions);
        await late.UntilTail(4, Ct);
        Assert.Equal("after", late.Newest()["a"]);
        Assert.Single(_log.Of(WentBack));
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
        Assert.Empty(Directory.GetFiles(_directory.Path, "*.db"));
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

    public void Dispose() => _directory.Dispose();

    private static string NameIn(string text) => Path.GetFileName(text.Split('\'')[1]);

    private SqliteLogTransport Create() =>
        new(new SqliteLogOptions { Directory = Log, BusyTimeout = TimeSpan.FromMilliseconds(50) }, logger: _log);

    private ValueTask<ITransportSender> Sender(string source = Source, Contracts.StateContract? contract = null) =>
        Create().OpenSenderAsync(new(source, [new(contract ?? ProbeContracts.Item, 4, "json")]), Ct);

    private async Task<ProbeTarget> Target(
        Contracts.StateContract? contract = null,
        IReadOnlyDictionary<LaneId, long>? positions = null,
        string? source = null,
        long maxBytes = long.MaxValue
    ) =>
        new(
            await Create()
                .OpenReceiverAsync(new("target", null, contract ?? ProbeContracts.Item) { Source = source, MaxBytes = maxBytes }, Ct),
            positions
        );

    // The page that holds the record at a position: dbstat is not compiled in, so its body is looked for in the file.
    private async Task<long> PageOf(long position)
    {
        await using var raw = await Raw(FilePath);
        await using var command = raw.CreateCommand();
        command.CommandText = $"SELECT key FROM \"record.probe.item.v1\" WHERE position = {position}";
        var key = (string)(await command.ExecuteScalarAsync(Ct))!;
        var bytes = await File.ReadAllBytesAsync(FilePath, Ct);
        // In the table the key is followed by its epoch and the rest of the record; in the index by the position: the longer run of 'x' tells them apart.
        for (var at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(key)); at >= 0; )
        {
            if (bytes.AsSpan(at, 400).IndexOf("xxxxxxxx"u8) >= 0)
                return at / 4096 + 1;
            var next = bytes.AsSpan(at + 1).IndexOf(System.Text.Encoding.UTF8.GetBytes(key));
            at = next < 0 ? -1 : at + 1 + next;
        }
        throw new InvalidOperationException($"The record {position} was not found in the file.");
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 2000 && !condition(); i++)
            await Task.Delay(10, Ct);
        Assert.True(condition(), "The condition did not come about within 20 s.");
    }

    private static async Task<SqliteConnection> Raw(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync(Ct);
        return connection;
    }

    private static async Task Execute(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }
}
