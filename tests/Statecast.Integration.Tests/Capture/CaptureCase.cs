using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A test of one way in which an application changes an aggregate: it ends in its committed state.</summary>
public abstract class CaptureCase : IAsyncLifetime
{
    internal CaptureWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        World = await CaptureWorld.CreateAsync(o => o.Context = b => b.AddInterceptors(new AuditInterceptor()));

    public ValueTask DisposeAsync()
    {
        World.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The id of an order that was captured once.</summary>
    protected Guid Existing() => World.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;

    /// <summary>The application's own: changes entities while they are saved.</summary>
    private sealed class AuditInterceptor : SaveChangesInterceptor
    {
        public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
        {
            foreach (var entry in eventData.Context!.ChangeTracker.Entries<Order>())
                if (entry.State is EntityState.Added or EntityState.Modified)
                    entry.Entity.ModifiedBy = "audit";
            return result;
        }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData,
            InterceptionResult<int> result,
            CancellationToken cancellationToken = default
        ) => new(SavingChanges(eventData, result));
    }
}
