using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using PackageCatalog.Running;
using PackageCatalog.Source;

namespace PackageCatalog.Verification;

/// <summary>
/// Compares the closed files row by row, one row in memory at a time: what a fresh context reads of the catalogue, mapped, against the bodies that the
/// replica holds, by plain SQL. Nothing of the running library takes part.
/// </summary>
internal sealed class FileComparison(CatalogFiles files)
{
    private const string Contract = "catalog.package";
    private const string Replica = "catalog.package.v1";

    /// <param name="changes">How many changes were saved: every one of them must have been captured.</param>
    /// <param name="differences">Takes what differs.</param>
    /// <param name="ct">Ends the work.</param>
    public async Task<ReplicaFigures> RunAsync(long changes, Differences differences, CancellationToken ct)
    {
        await using var replica = new SqliteConnection($"Data Source={files.Search};Pooling=False");
        await replica.OpenAsync(ct);
        await AttachAsync(replica, ct);
        var figures = await FiguresAsync(replica, ct);
        if (figures.Captured != changes)
            differences.Add($"{changes} changes were saved, and {figures.Captured} captured.");
        var compared = await CompareRowsAsync(replica, differences, ct);
        Check(figures, compared, files.RabbitMQ is not null || files.Kafka is not null, differences);
        await CompareRevisionsAsync(replica, differences, ct);
        return figures;
    }

    private async Task<long> CompareRowsAsync(SqliteConnection replica, Differences differences, CancellationToken ct)
    {
        await using var find = replica.CreateCommand();
        find.CommandText = $"SELECT body FROM \"statecast_rows.{Replica}\" WHERE key = $key AND NOT deleted";
        var key = find.Parameters.Add("$key", SqliteType.Text);
        var options = new DbContextOptionsBuilder<CatalogDb>().UseSqlite($"Data Source={files.Catalog};Pooling=False").Options;
        await using var db = new CatalogDb(options);
        long rows = 0;
        await foreach (var package in db.Packages.AsNoTracking().AsAsyncEnumerable().WithCancellation(ct))
        {
            rows++;
            // A key's text form percent-encodes what RFC 3986 reserves, as this does.
            key.Value = Uri.EscapeDataString(package.Name);
            var wanted = StateText.Of(package.ToState());
            var found = await find.ExecuteScalarAsync(ct) is byte[] body
                ? StateText.OfBody(body, files.Registry is not null)
                : "no such row";
            if (wanted != found)
                differences.Add($"{package.Name}: the catalogue has {wanted}, the replica {found}.");
        }
        return rows;
    }

    /// <summary>Every key's revision, deleted ones too, must be the newest that its source captured, and no key may be there that the source never captured.</summary>
    private static async Task CompareRevisionsAsync(SqliteConnection replica, Differences differences, CancellationToken ct)
    {
        await using var command = replica.CreateCommand();
        command.CommandText = $"""
            SELECT h.key, r.key, h.revision, r.revision, h.deleted, r.deleted, r.writes
            FROM (SELECT * FROM catalog.statecast_head WHERE contract = $contract AND revision > 0) h
            FULL JOIN "statecast_rows.{Replica}" r ON r.key = h.key
            WHERE h.revision IS NOT r.revision OR h.deleted IS NOT r.deleted OR r.writes > r.revision
            """;
        command.Parameters.AddWithValue("$contract", Contract);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            differences.Add(
                $"{rows.GetValue(0)} / {rows.GetValue(1)}: revision {rows.GetValue(2)} at the source, {rows.GetValue(3)} in the replica; deleted {rows.GetValue(4)} and {rows.GetValue(5)}; written {rows.GetValue(6)} times."
            );
    }

    private async Task AttachAsync(SqliteConnection replica, CancellationToken ct)
    {
        await using var attach = replica.CreateCommand();
        attach.CommandText = "ATTACH $catalog AS catalog";
        attach.Parameters.AddWithValue("$catalog", files.Catalog);
        await attach.ExecuteNonQueryAsync(ct);
    }

    private static async Task<ReplicaFigures> FiguresAsync(SqliteConnection replica, CancellationToken ct)
    {
        await using var command = replica.CreateCommand();
        command.CommandText = $"""
            SELECT r.keys, r.received, r.applied, r.superseded, r.dropped,
                   (SELECT count(*) FROM statecast_replica_parked p WHERE p.replica = r.id),
                   (SELECT count(*) FROM "statecast_rows.{Replica}" WHERE NOT deleted),
                   (SELECT count(*) FROM "statecast_rows.{Replica}" WHERE deleted),
                   (SELECT total(writes) FROM "statecast_rows.{Replica}"),
                   (SELECT total(revision) FROM catalog.statecast_head WHERE contract = $contract)
            FROM statecast_replica r WHERE r.name = $name
            """;
        command.Parameters.AddWithValue("$name", Replica);
        command.Parameters.AddWithValue("$contract", Contract);
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            throw new InvalidOperationException($"The replica's file holds no replica of {Replica}.");
        return new(
            Replica,
            row.GetInt64(0),
            row.GetInt64(1),
            row.GetInt64(2),
            row.GetInt64(3),
            row.GetInt64(4),
            row.GetInt64(5),
            row.GetInt64(6),
            row.GetInt64(7),
            (long)row.GetDouble(8),
            (long)row.GetDouble(9)
        );
    }

    private static void Check(ReplicaFigures figures, long compared, bool again, Differences differences)
    {
        if (compared == 0 || figures.LiveRows == 0)
            differences.Add("there is nothing to compare.");
        if (figures.LiveRows != compared || figures.Keys != compared)
            differences.Add(
                $"the catalogue has {compared} packages, the replica {figures.LiveRows} rows, and it counted {figures.Keys} keys."
            );
        if (figures.Parked != 0)
            differences.Add($"{figures.Parked} events are parked.");
        if (figures.Waiting != 0)
            differences.Add($"{figures.Waiting} events were received and are nowhere.");
        // A carrier that forgets is asked for everything, again where the answer is slow: what the replica has already is then said again at the revision it has. A broker
        // that appends whatever arrives takes a Snapshot twice whose first answer was lost.
        var saidAgain = again ? long.MaxValue : 0;
        if (figures.AppliedTwice < 0 || figures.AppliedTwice > saidAgain)
            differences.Add($"{figures.Applied} events were applied, for {figures.Writes} revisions: some were applied twice.");
    }
}
