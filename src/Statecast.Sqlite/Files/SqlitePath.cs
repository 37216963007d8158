namespace Statecast.Sqlite.Files;

/// <summary>One text for one file.</summary>
internal static class SqlitePath
{
    /// <summary>The full path, past a link in its last place.</summary>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }

    /// <summary>As <see cref="Resolve"/>, and in one case where file systems usually ignore it.</summary>
    public static string Comparable(string path)
    {
        var full = Resolve(path);
        return OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? full.ToUpperInvariant() : full;
    }
}
