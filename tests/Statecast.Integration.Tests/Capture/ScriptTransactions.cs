using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A transaction of a script, whoever began it.</summary>
internal interface IScriptTransaction : IAsyncDisposable
{
    Task SavepointAsync(string name);

    Task RollbackToAsync(string name);

    Task CommitAsync();

    Task RollbackAsync();
}

internal sealed class EfScriptTransaction(IDbContextTransaction inner) : IScriptTransaction
{
    public Task SavepointAsync(string name) => inner.CreateSavepointAsync(name);

    public Task RollbackToAsync(string name) => inner.RollbackToSavepointAsync(name);

    public Task CommitAsync() => inner.CommitAsync();

    public Task RollbackAsync() => inner.RollbackAsync();

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>A plain ADO.NET transaction that EF Core is only told of; what it commits is compared like everything else.</summary>
internal sealed class ForeignScriptTransaction(ModelWorld world, ShopDb db, SqliteTransaction inner) : IScriptTransaction
{
    public Task SavepointAsync(string name) => inner.SaveAsync(name);

    public Task RollbackToAsync(string name) => inner.RollbackAsync(name);

    public async Task CommitAsync()
    {
        await inner.CommitAsync();
        world.Committed("commit by ADO.NET");
    }

    public Task RollbackAsync() => inner.RollbackAsync();

    public async ValueTask DisposeAsync()
    {
        await db.Database.UseTransactionAsync(null);
        await inner.DisposeAsync();
        await db.Database.CloseConnectionAsync();
    }
}
