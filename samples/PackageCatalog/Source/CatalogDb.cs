using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;

namespace PackageCatalog.Source;

/// <summary>The catalogue's database.</summary>
public sealed class CatalogDb(DbContextOptions<CatalogDb> options) : DbContext(options)
{
    public DbSet<Package> Packages => Set<Package>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Package>(package =>
        {
            package.HasKey(p => p.Name);
            package.HasIndex(p => p.Section);
        });
        model.AddStatecast();
    }
}
