using Statecast.Conformance.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>A log with files, pages and records in it that are none of a log: what can be read is read, and the rest is told.</summary>
public sealed class SqliteLogDamageTests : SqliteLogCase
{
    private const int FileFailing = 4003;

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
        var told = Told.Of(FileFailing).ToList();
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
        await Until(() => Told.Of(FileFailing).Any());
        Assert.Contains("damaged", Assert.Single(Told.Of(FileFailing)), StringComparison.Ordinal);
        Assert.InRange(target.Received.Count, 300, 350);
        Assert.NotEqual(4, target.AtTail.Count);
        await waiting.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
    }

    private static string NameIn(string text) => Path.GetFileName(text.Split('\'')[1]);

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
}
