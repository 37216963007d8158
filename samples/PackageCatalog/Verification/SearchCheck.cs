using Microsoft.EntityFrameworkCore;
using PackageCatalog.Running;
using PackageCatalog.Search;
using PackageCatalog.Source;

namespace PackageCatalog.Verification;

/// <summary>Asks the running search service what the catalogue's own rows can answer too: every section, and the most wanted dependencies with some others.</summary>
internal static class SearchCheck
{
    private const int Dependencies = 200;

    /// <returns>How many questions were asked.</returns>
    public static async Task<int> RunAsync(IServiceProvider catalog, SearchProcess search, Differences differences, CancellationToken ct)
    {
        await using var scope = catalog.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<CatalogDb>();
        var sections = await db.Packages.Select(p => p.Section).Distinct().ToListAsync(ct);
        foreach (var section in sections)
        {
            var wanted = await db.Packages.Where(p => p.Section == section).Select(p => p.Name).ToListAsync(ct);
            Compare($"section {section}", wanted, await search.SectionAsync(section, ct), differences);
        }
        var dependencies = await ChooseAsync(db, ct);
        foreach (var (name, wanted) in await DependentsAsync(db, dependencies, ct))
            Compare($"dependents of {name}", wanted, await search.DependentsAsync(name, ct), differences);
        return sections.Count + dependencies.Count;
    }

    private static async Task<HashSet<string>> ChooseAsync(CatalogDb db, CancellationToken ct)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var depends in db.Packages.AsNoTracking().Select(p => p.Depends).AsAsyncEnumerable().WithCancellation(ct))
        foreach (var name in depends.SelectMany(Relation.NamesOf).Distinct())
            counts[name] = counts.GetValueOrDefault(name) + 1;
        var byCount = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => c.Key).ToList();
        var step = Math.Max(1, byCount.Count / (Dependencies / 2));
        return [.. byCount.Take(Dependencies / 2), .. byCount.Where((_, i) => i % step == 0).Take(Dependencies / 2)];
    }

    private static async Task<Dictionary<string, List<string>>> DependentsAsync(
        CatalogDb db,
        HashSet<string> dependencies,
        CancellationToken ct
    )
    {
        var dependents = dependencies.ToDictionary(name => name, _ => new List<string>(), StringComparer.Ordinal);
        var rows = db.Packages.AsNoTracking().Select(p => new { p.Name, p.Depends }).AsAsyncEnumerable();
        await foreach (var row in rows.WithCancellation(ct))
        foreach (var name in row.Depends.SelectMany(Relation.NamesOf).Distinct())
            if (dependents.TryGetValue(name, out var list))
                list.Add(row.Name);
        return dependents;
    }

    private static void Compare(string question, List<string> wanted, List<string> found, Differences differences)
    {
        if (!wanted.Order(StringComparer.Ordinal).SequenceEqual(found.Order(StringComparer.Ordinal)))
            differences.Add($"{question}: the catalogue has {wanted.Count} packages, the search found {found.Count}, and they differ.");
    }
}
