namespace PackageCatalog.Running;

/// <summary>A run's files. Source and target share the log's directory and nothing else.</summary>
internal sealed record CatalogFiles(string Directory)
{
    public string Log => Path.Combine(Directory, "log");

    public string Catalog => Path.Combine(Directory, "catalog.db");

    public string Search => Path.Combine(Directory, "search.db");
}
