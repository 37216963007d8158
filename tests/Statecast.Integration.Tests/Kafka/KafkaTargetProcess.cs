using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Kafka;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A target in a process of its own, and what its replica's file says: of it alone it is known what a kill left.</summary>
public sealed class KafkaTargetProcess
{
    public const string File = "target.db";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    internal static ChildProcess Start(string servers, NotesShop shop) =>
        ChildProcess.Start(typeof(KafkaTargetProcess), nameof(Read_until_killed), ("SERVERS", servers), ("FOLDER", shop.Folder));

    [Fact(Explicit = true)]
    public async Task Read_until_killed()
    {
        var servers = ChildProcess.Told("SERVERS");
        // Narrower than by default: what the client reads ahead is counted as it is compressed, and of such events a tenth or less is left of it.
        using var notes = new KafkaNotes(
            servers,
            (o, _) => o.MaxReadAheadBytes = 2 << 20,
            folder: ChildProcess.Told("FOLDER"),
            carry: (s, settings) => s.UseKafka(servers, settings).Configure(o => o.Target.MaxCatchUpBatch = 5_000)
        );
        using var target = await notes.Shop.StartTargetAsync<NoteState>(File);
        await Task.Delay(TimeSpan.FromMinutes(30), Ct);
    }

    /// <summary>How many records its replica stands behind: those below the positions that it has stored.</summary>
    internal static long Position(NotesShop shop) => Number(shop, "SELECT coalesce(sum(next), 0) FROM statecast_replica_position");

    /// <summary>
    /// How many records its replica was ever given, those twice that were given twice. Where nothing is compacted no record lacks, and position, rows and count are one
    /// commit: whenever one looks, the position says the same.
    /// </summary>
    internal static long Received(NotesShop shop)
    {
        const string Count = "(SELECT coalesce(sum(received), 0) FROM statecast_replica)";
        Assert.Equal(0, Number(shop, $"SELECT coalesce(sum(next), 0) - {Count} FROM statecast_replica_position"));
        return Number(shop, $"SELECT {Count}");
    }

    internal static bool WasLive(NotesShop shop) => Number(shop, "SELECT coalesce(max(was_live), 0) FROM statecast_replica") == 1;

    /// <summary>Whether somebody is in the midst of a transaction that writes to it.</summary>
    internal static bool IsWritten(NotesShop shop)
    {
        using var connection = new SqliteConnection($"Data Source={shop.File(File)};Pooling=False");
        connection.Open();
        // Not by a command, which would wait for the other.
        return raw.sqlite3_exec(connection.Handle, "BEGIN IMMEDIATE") == raw.SQLITE_BUSY;
    }

    private static long Number(NotesShop shop, string sql)
    {
        if (!System.IO.File.Exists(shop.File(File)))
            return 0;
        try
        {
            return shop.Number(File, sql);
        }
        catch (SqliteException e) when (e.Message.Contains("no such table", StringComparison.Ordinal))
        {
            return 0;
        }
    }
}
