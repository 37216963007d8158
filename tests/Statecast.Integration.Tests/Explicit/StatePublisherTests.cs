using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

/// <summary>Capture in an ADO.NET transaction. The relay does not run: every captured event stays in the outbox.</summary>
public sealed class StatePublisherTests : IAsyncLifetime
{
    private readonly Depot _depot = new();
    private IHost _host = null!;
    private DbConnection _connection = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IStatePublisher Publisher => _host.Services.GetRequiredService<IStatePublisher>();

    public async ValueTask InitializeAsync()
    {
        _connection = _depot.Open();
        _host = _depot.Build();
        foreach (var source in _host.Services.GetServices<ConnectionSource>())
            await source.PrepareAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _host.Dispose();
        _depot.Dispose();
    }

    [Fact]
    public async Task State_is_published_if_and_only_if_the_transaction_commits()
    {
        await using (var rolledBack = await _connection.BeginTransactionAsync(Ct))
            await Publisher.PublishAsync(rolledBack, new ParcelState(1, "here", 5), ct: Ct);
        Assert.Empty(_depot.Story());

        await using var transaction = await _connection.BeginTransactionAsync(Ct);
        var token = await Publisher.PublishAsync(transaction, new ParcelState(1, "here", 5), "ParcelTaken", Ct);
        await transaction.CommitAsync(Ct);

        Assert.Equal(["1:Upsert1 (ParcelTaken)"], _depot.Story());
        Assert.Equal(("depot.parcel", "1", 1L), (token.Contract, token.Key, token.Revision.Number));
    }

    [Fact]
    public async Task Revisions_rise_over_change_delete_and_creation_anew()
    {
        await WriteAsync(StateWrite.Upsert(new ParcelState(1, "here", 5)));
        await WriteAsync(StateWrite.Upsert(new ParcelState(1, "here", 5)));
        await WriteAsync(StateWrite.Upsert(new ParcelState(1, "there", 5)));
        await WriteAsync(StateWrite.Delete<ParcelState>(1L, "ParcelHandedOver"));
        await WriteAsync(StateWrite.Delete<ParcelState>(1L));
        await WriteAsync(StateWrite.Upsert(new ParcelState(1, "there", 5)));

        Assert.Equal(["1:Upsert1", "1:Upsert2", "1:Delete3 (ParcelHandedOver)", "1:Upsert4"], _depot.Story());
    }

    [Fact]
    public async Task Several_contracts_and_keys_are_one_capture()
    {
        var tokens = await WriteAsync(
            StateWrite.Upsert(new RouteState("b", 2)),
            StateWrite.Upsert(new ParcelState(2, "here", 1), "First"),
            StateWrite.Upsert(new ParcelState(10, "here", 1)),
            StateWrite.Upsert(new ParcelState(2, "there", 1), "Second"),
            StateWrite.Delete<ParcelState>(99L)
        );

        Assert.Equal(["10:Upsert1", "2:Upsert1 (First,Second)", "b:Upsert1"], _depot.Story());
        Assert.Equal(["depot.parcel 10", "depot.parcel 2", "depot.route b"], tokens.Select(t => $"{t.Contract} {t.Key}"));
        Assert.Contains("there", _depot.Query<string>("SELECT CAST(body AS TEXT) FROM statecast_outbox WHERE key = '2'").Single());
    }

    [Fact]
    public async Task Changed_key_is_read_back_in_the_transaction()
    {
        await using (var transaction = await _connection.BeginTransactionAsync(Ct))
        {
            await _connection.ExecuteAsync("INSERT INTO parcel VALUES (7, 'row', 1)", transaction: transaction);
            await Publisher.PublishAsync(
                transaction,
                [StateWrite.Changed<ParcelState>(7L, "Weighed"), StateWrite.Changed<ParcelState>(8L)],
                Ct
            );
            await transaction.CommitAsync(Ct);
        }
        await using (var transaction = await _connection.BeginTransactionAsync(Ct))
        {
            await _connection.ExecuteAsync("DELETE FROM parcel", transaction: transaction);
            await Publisher.PublishAsync(transaction, [StateWrite.Changed<ParcelState>(7L)], Ct);
            await transaction.CommitAsync(Ct);
        }

        Assert.Equal(["7:Upsert1 (Weighed)", "7:Delete2"], _depot.Story());
    }

    [Fact]
    public void Synchronous_code_publishes_too()
    {
        using var transaction = _connection.BeginTransaction();
        var tokens = Publisher.Publish(transaction, [StateWrite.Upsert(new ParcelState(1, "here", 5))]);
        transaction.Commit();

        Assert.Single(tokens);
        Assert.Equal(["1:Upsert1"], _depot.Story());
    }

    [Fact]
    public async Task Deferred_transaction_that_only_read_takes_the_write_lock_first()
    {
        await using var deferred = ((SqliteConnection)_connection).BeginTransaction(deferred: true);
        await Publisher.PublishAsync(deferred, new ParcelState(1, "here", 5), ct: Ct);
        await deferred.CommitAsync(Ct);

        Assert.Equal(["1:Upsert1"], _depot.Story());
    }

    [Fact]
    public async Task Too_large_state_fails_inside_the_transaction()
    {
        var error = await Assert.ThrowsAsync<CaptureException>(() =>
            WriteAsync(StateWrite.Upsert(new ParcelState(1, new('x', 1_000_000), 5)))
        );
        Assert.Contains("depot.parcel '1'", error.Message, StringComparison.Ordinal);
        Assert.Empty(_depot.Story());
    }

    [Fact]
    public async Task Mistakes_are_named()
    {
        await using var transaction = await _connection.BeginTransactionAsync(Ct);
        var stranger = await Assert.ThrowsAsync<SourceException>(async () =>
            await Publisher.PublishAsync(transaction, new StrangerState(1), ct: Ct)
        );
        Assert.Contains("FromConnection", stranger.Message, StringComparison.Ordinal);
        Assert.Contains(
            "Int64",
            Assert.Throws<ArgumentException>(() => StateWrite.Delete<ParcelState>("1")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentException>(() => StateWrite.Upsert(new ParcelState(1, "", 1), "no cause, this"));
        await transaction.RollbackAsync(Ct);
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await Publisher.PublishAsync(transaction, new ParcelState(1, "here", 5), ct: Ct)
        );
        Assert.Contains("ended", ended.Message, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<Events.StateToken>> WriteAsync(params StateWrite[] writes)
    {
        await using var transaction = await _connection.BeginTransactionAsync(Ct);
        var tokens = await Publisher.PublishAsync(transaction, writes, Ct);
        await transaction.CommitAsync(Ct);
        return tokens;
    }
}

[StateContract("depot.stranger")]
public sealed partial record StrangerState([StateKey] int Id);
