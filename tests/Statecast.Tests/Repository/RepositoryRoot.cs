namespace Statecast.Tests.Repository;

/// <summary>Finds the checkout that the tests were built from.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    /// <summary>The full path of what stands at a path below the root.</summary>
    public static string Of(string path) => System.IO.Path.Combine(Path, path);

    public static IEnumerable<string> Sources(params string[] folders) =>
        folders
            .SelectMany(f => Directory.EnumerateFiles(System.IO.Path.Combine(Path, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Statecast.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Statecast.slnx was not found above the test's own folder.");
    }
}
