using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

/// <summary>One service publishes a contract from its database and another without one, by one publisher.</summary>
public sealed class BesideADatabaseTests : IDisposable
{
    private readonly Depot _depot = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _depot.Dispose();

    [Fact]
    public async Task Each_contract_goes_its_own_way_and_the_wrong_one_is_named()
    {
        using var connection = _depot.Open();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.UseInProcess()
                    .UseSqliteDatabase()
                    .FromConnection("depot", _ => new SqliteConnection(_depot.ConnectionString), db => db.Publish(_depot.Rows).MakeTables())
                    .Publish<RouteState>()
                    .Replica<ParcelState>(r => r.InMemory())
                    .Replica<RouteState>(r => r.InMemory())
        );
        using var host = builder.Build();
        await host.StartAsync(Ct);
        var publisher = host.Services.GetRequiredService<IStatePublisher>();
        var (parcel, route) = (new ParcelState(1, "shelf", 10), new RouteState("north", 3));

        await publisher.PublishAsync(route, Ct);
        Assert.Same(route, await host.Services.GetRequiredService<IReplica<string, RouteState>>().GetAsync("north", ct: Ct));

        await using (var transaction = await connection.BeginTransactionAsync(Ct))
        {
            await connection.ExecuteAsync("INSERT INTO parcel VALUES (1, 'shelf', 10)", transaction: transaction);
            var wrong = await Assert.ThrowsAsync<SourceException>(async () => await publisher.PublishAsync(transaction, route, ct: Ct));
            Assert.Contains("leave the transaction out", wrong.Message, StringComparison.Ordinal);
            var token = await publisher.PublishAsync(transaction, parcel, ct: Ct);
            await transaction.CommitAsync(Ct);
            var parcels = host.Services.GetRequiredService<IReplica<long, ParcelState>>();
            await NotesShop.UntilAsync(() => parcels.State == ReplicaState.Live);
            Assert.Equal(parcel, await parcels.GetAsync(1, token, ct: Ct));
        }
        var error = await Assert.ThrowsAsync<SourceException>(async () => await publisher.PublishAsync(parcel, Ct));
        Assert.Contains("from the database 'depot'", error.Message, StringComparison.Ordinal);
        await NotesShop.StopAsync(host);
    }
}
