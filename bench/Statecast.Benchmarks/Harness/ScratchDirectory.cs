namespace Statecast.Benchmarks.Harness;

/// <summary>
/// A directory for one run's files. Its owner holds a lock file in it: a run that was killed leaves its directory behind, and the next run, finding
/// the lock free, removes it.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly FileStream _lock;

    private ScratchDirectory(string path, FileStream ownership)
    {
        Path = path;
        _lock = ownership;
    }

    public string Path { get; }

    /// <summary>Makes a new directory below a root, and removes what killed runs left there.</summary>
    /// <param name="root">Null for the system's temporary directory. Durable steps cost what this disk's syncs cost.</param>
    public static ScratchDirectory Create(string? root)
    {
        var parent = System.IO.Path.Combine(root ?? System.IO.Path.GetTempPath(), "statecast-benchmarks");
        Directory.CreateDirectory(parent);
        foreach (var left in Directory.EnumerateDirectories(parent))
            RemoveIfOrphaned(left);
        var path = Directory.CreateDirectory(System.IO.Path.Combine(parent, Guid.NewGuid().ToString("N"))).FullName;
        return new(path, new FileStream(LockOf(path), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>A directory inside, made if it is not there.</summary>
    public string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public void Dispose()
    {
        _lock.Dispose();
        Directory.Delete(Path, recursive: true);
    }

    private static void RemoveIfOrphaned(string path)
    {
        try
        {
            // A directory without a lock file is being made at this moment by another run.
            using (new FileStream(LockOf(path), FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
            Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // Its owner lives, or another run removes it as well.
        }
    }

    private static string LockOf(string path) => System.IO.Path.Combine(path, "owner.lock");
}
