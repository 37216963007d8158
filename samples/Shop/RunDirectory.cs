namespace Shop;

/// <summary>Where a run's databases and log go.</summary>
internal sealed class RunDirectory : IDisposable
{
    private readonly bool _keep;

    private RunDirectory(string path, bool keep) => (Path, _keep) = (path, keep);

    public string Path { get; }

    /// <summary>The directory that was asked for, or one of its own.</summary>
    /// <exception cref="IOException">It is not empty.</exception>
    public static RunDirectory Open(ShopOptions options)
    {
        if (options.Data is not { } asked)
            return new(Directory.CreateTempSubdirectory("statecast-shop-").FullName, options.Keep);
        var path = System.IO.Path.GetFullPath(asked);
        Directory.CreateDirectory(path);
        if (Directory.EnumerateFileSystemEntries(path).Any())
            throw new IOException(
                $"'{path}' is not empty: a run begins with a database from before Statecast was added. Give --data an empty directory."
            );
        return new(path, keep: true);
    }

    public void Dispose()
    {
        if (!_keep)
            Directory.Delete(Path, recursive: true);
    }
}
