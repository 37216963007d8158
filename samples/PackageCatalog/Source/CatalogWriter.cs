using Microsoft.EntityFrameworkCore;
using PackageCatalog.Reading;
using Statecast.EntityFrameworkCore;

namespace PackageCatalog.Source;

/// <summary>Writes states into the catalogue in batches. No more than one batch is in memory at any time.</summary>
internal sealed class CatalogWriter(IServiceProvider services, int batchSize)
{
    /// <summary>States that were read and saved.</summary>
    public long States { get; private set; }

    /// <summary>States of packages that were there already.</summary>
    public long Updates { get; private set; }

    /// <summary>States equal to what was there already: there is nothing to publish of them.</summary>
    public long Unchanged { get; private set; }

    /// <summary>Saves all states of an index, in its order.</summary>
    /// <param name="records">The index.</param>
    /// <param name="cause">Why.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="ct">Ends the work.</param>
    public async Task WriteAsync(IAsyncEnumerable<PackageRecord> records, string cause, Action progress, CancellationToken ct)
    {
        var batch = new Dictionary<string, PackageRecord>(batchSize, StringComparer.Ordinal);
        await foreach (var record in records.WithCancellation(ct))
        {
            // A later state of the same package is an update of its own, not a replacement within the batch.
            if (batch.Count == batchSize || batch.ContainsKey(record.Name))
            {
                await SaveAsync(batch, cause, ct);
                progress();
            }
            batch.Add(record.Name, record);
        }
        await SaveAsync(batch, cause, ct);
        progress();
    }

    /// <summary>Removes a section's packages.</summary>
    /// <returns>How many.</returns>
    public async Task<int> RemoveSectionAsync(string section, CancellationToken ct)
    {
        var removed = 0;
        while (true)
        {
            await using var scope = services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<CatalogDb>();
            var packages = await db.Packages.Where(p => p.Section == section).OrderBy(p => p.Name).Take(batchSize).ToListAsync(ct);
            if (packages.Count == 0)
                return removed;
            db.RemoveRange(packages);
            db.SetCause("Removed");
            await db.SaveChangesAsync(ct);
            removed += packages.Count;
        }
    }

    private async Task SaveAsync(Dictionary<string, PackageRecord> batch, string cause, CancellationToken ct)
    {
        if (batch.Count == 0)
            return;
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<CatalogDb>();
        var names = batch.Keys.ToList();
        var known = await db.Packages.Where(p => names.Contains(p.Name)).ToDictionaryAsync(p => p.Name, ct);
        foreach (var record in batch.Values)
            if (known.TryGetValue(record.Name, out var package))
                package.Take(record);
            else
                db.Add(new Package(record));
        db.SetCause(cause);
        db.ChangeTracker.DetectChanges();
        Unchanged += known.Values.Count(package => db.Entry(package).State == EntityState.Unchanged);
        await db.SaveChangesAsync(ct);
        States += batch.Count;
        Updates += known.Count;
        batch.Clear();
    }
}
