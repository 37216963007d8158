namespace Statecast.Sqlite.Files;

/// <summary>Files that hold copied state are for their owner alone.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes an empty file with mode 0600 if there is none, and its directory; SQLite gives <c>-wal</c> and <c>-shm</c> the same mode.</summary>
    public static void Ensure(string path)
    {
        EnsureDirectory(Path.GetDirectoryName(path)!);
        try
        {
            // Never opens a file that exists: closing any handle of it would drop the locks that SQLite holds on it in this process.
            Open(path, FileMode.CreateNew, FileShare.ReadWrite).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // It is there, which is all that was wanted.
        }
    }

    /// <summary>Makes a directory with mode 0700 if there is none.</summary>
    public static void EnsureDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Opens or makes a file with mode 0600.</summary>
    public static FileStream Open(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new(path, options);
    }
}
