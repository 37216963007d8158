using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

[StateContract("depot.crate", Patches = true)]
public sealed partial record CrateState([StateKey] long Id, string Place, int Grams);

/// <summary>Patches of what an application without EF Core says.</summary>
public sealed class ExplicitPatchTests : IDisposable
{
    private readonly Depot _depot = new();
    private readonly ConcurrentDictionary<long, CrateState> _kept = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _depot.Dispose();

    [Fact]
    public async Task State_that_is_handed_over_goes_out_as_a_patch_of_the_last_and_deletes_hold()
    {
        using var connection = _depot.Open();
        using var host = await StartAsync(connection, new() { MaxPatches = 2 });
        var replica = host.Services.GetRequiredService<IReplica<long, CrateState>>();
        var place = new string('p', 200);
        for (var grams = 1; grams <= 4; grams++)
            await Say(host, connection, StateWrite.Upsert(new CrateState(1, place, grams)));
        await Say(host, connection, StateWrite.Delete<CrateState>(1L));
        await Say(host, connection, StateWrite.Upsert(new CrateState(1, place, 9)));
        await NotesShop.IdleAsync(host, host);

        Assert.Equal(["1 1 of -", "3 2 of 1", "3 3 of 2", "1 4 of -", "2 5 of -", "1 6 of -"], await SaidAsync(connection));
        Assert.Equal(new CrateState(1, place, 9), await replica.GetAsync(1, ct: Ct));
        await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task State_whose_last_word_was_a_patch_is_said_in_full_without_another_change()
    {
        using var connection = _depot.Open();
        using var host = await StartAsync(connection, new() { FullAfter = TimeSpan.FromSeconds(2) });
        var place = new string('p', 200);
        await Say(host, connection, StateWrite.Upsert(new CrateState(1, place, 1)));
        await Say(host, connection, StateWrite.Upsert(new CrateState(1, place, 2)));
        await Say(host, connection, StateWrite.Upsert(new CrateState(2, place, 2)));
        await NotesShop.UntilAsync(() => connection.ExecuteScalar<long>("SELECT count(*) FROM said WHERE text LIKE '4 %'") > 0);

        // The other key's last word is a full state.
        Assert.Equal(["1 1 of -", "3 2 of 1", "1 1 of -", "4 2 of -"], await SaidAsync(connection));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("SELECT max(patches) FROM statecast_head"));
        await NotesShop.StopAsync(host);
    }

    private async Task<IHost> StartAsync(DbConnection connection, PatchOptions patches)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.UseInProcess()
                    .UseSqliteDatabase()
                    .FromConnection(
                        "depot",
                        _ => new SqliteConnection(_depot.ConnectionString),
                        db => db.Publish(new CrateRows(_kept), o => o.Patches = patches).MakeTables()
                    )
                    .Replica<CrateState>(r => r.InMemory())
        );
        var host = builder.Build();
        await host.StartAsync(Ct);
        await NotesShop.UntilAsync(() => host.Services.GetRequiredService<IReplica<long, CrateState>>().State == ReplicaState.Live);
        // What is sent is deleted from the outbox: noted there by the database itself.
        await connection.ExecuteAsync(
            "CREATE TABLE said (text TEXT); CREATE TRIGGER note AFTER INSERT ON statecast_outbox BEGIN "
                + "INSERT INTO said VALUES (NEW.operation || ' ' || NEW.revision || ' of ' || coalesce(NEW.base, '-')); END"
        );
        return host;
    }

    private static Task<IEnumerable<string>> SaidAsync(DbConnection connection) =>
        connection.QueryAsync<string>("SELECT text FROM said ORDER BY rowid");

    private async Task Say(IHost host, DbConnection connection, StateWrite write)
    {
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await host.Services.GetRequiredService<IStatePublisher>().PublishAsync(transaction, [write], Ct);
        if (write.State is CrateState crate)
            _kept[crate.Id] = crate;
        await transaction.CommitAsync(Ct);
    }

    private sealed class CrateRows(ConcurrentDictionary<long, CrateState> kept) : IStateRows<long, CrateState>
    {
        public ValueTask<IReadOnlyList<CrateState>> FindAsync(DbTransaction transaction, IReadOnlyList<long> keys, CancellationToken ct) =>
            new([.. keys.Where(kept.ContainsKey).Select(k => kept[k])]);

        public ValueTask<IReadOnlyList<long>> NextKeysAsync(DbTransaction transaction, KeyPage<long> page, CancellationToken ct) => new([]);
    }
}
