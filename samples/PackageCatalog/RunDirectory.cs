namespace PackageCatalog;

/// <summary>Where a run's databases and log go.</summary>
internal sealed class RunDirectory : IDisposable
{
    private readonly bool _keep;

    private RunDirectory(string path, bool keep) => (Path, _keep) = (path, keep);

    public string Path { get; }

    /// <summary>The directory that was asked for, or one of its own.</summary>
    /// <exception cref="IOException">It is not empty.</exception>
    public static RunDirectory Open(string? asked)
    {
        if (asked is null)
            return new(Directory.CreateTempSubdirectory("statecast-catalog-").FullName, keep: false);
        var path = System.IO.Path.GetFullPath(asked);
        Directory.CreateDirectory(path);
        if (Directory.EnumerateFileSystemEntries(path).Any())
            throw new IOException($"'{path}' is not empty. Give --data an empty directory.");
        return new(path, keep: true);
    }

    public void Dispose()
    {
        if (!_keep)
            Directory.Delete(Path, recursive: true);
    }
}
