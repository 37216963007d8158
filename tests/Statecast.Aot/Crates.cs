using Microsoft.Data.Sqlite;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Publishing.Explicit;

namespace Statecast.Aot;

/// <summary>The application's own use of its database, without EF Core: SQL and capture in one transaction.</summary>
internal sealed class Crates(string connectionString, IStatePublisher publisher)
{
    public static StateContract<Crate.Key, Crate> Contract { get; } = (StateContract<Crate.Key, Crate>)StateContract.Of<Crate>();

    /// <summary>Writes a crate, for a cause, and captures it.</summary>
    public async Task<StateToken> SaveAsync(Crate crate, string cause)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        await using var transaction = connection.BeginTransaction();
        CrateStore.Write(connection, transaction, crate);
        var token = await publisher.PublishAsync(transaction, crate, cause);
        await transaction.CommitAsync();
        return token;
    }

    /// <summary>Deletes a crate, for a cause, and captures that; its state is read back: there is none.</summary>
    public async Task<StateToken> DeleteAsync(Crate.Key key, string cause)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        await using var transaction = connection.BeginTransaction();
        CrateStore.Remove(connection, transaction, key);
        var tokens = await publisher.PublishAsync(transaction, [StateWrite.Changed<Crate>(key, cause)]);
        await transaction.CommitAsync();
        return tokens[0];
    }
}
