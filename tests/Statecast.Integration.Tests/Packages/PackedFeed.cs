using System.IO.Compression;
using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>The packages as a user gets them, in a local folder, packed once for all tests that install them.</summary>
public sealed class PackedFeed : IAsyncLifetime
{
    /// <summary>Above any version that a registry has: what is tested is what was packed here.</summary>
    public const string Version = "999.0.0";

    public string Folder { get; } = Directory.CreateTempSubdirectory("statecast-packages-").FullName;

    public static string Root { get; } = FindRoot();

    /// <summary>What was built is what is packed: the other tests ran on it. Only the packages' version is another.</summary>
    public async ValueTask InitializeAsync() =>
        await UserProcess.RunAsync(
            Root,
            "dotnet",
            "pack",
            "Statecast.slnx",
            "--no-build",
            "-c",
            Configuration,
            "-o",
            Path.Combine(Folder, "feed"),
            "-v",
            "q",
            "--nologo",
            $"-p:PackageVersion={Version}"
        );

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>An empty folder of a user who knows the feed, and nothing else of this repository.</summary>
    public async Task<string> NewUserAsync(string name)
    {
        var user = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        var machine =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await File.WriteAllTextAsync(
            Path.Combine(user, "NuGet.config"),
            $"""
            <configuration>
              <packageSources><add key="local" value="{Path.Combine(Folder, "feed")}" /></packageSources>
              <config><add key="globalPackagesFolder" value="{Path.Combine(Folder, "cache")}" /></config>
              <fallbackPackageFolders><add key="machine" value="{machine}" /></fallbackPackageFolders>
            </configuration>
            """
        );
        return user;
    }

    /// <summary>What the compiler and the editor load from a package.</summary>
    public IReadOnlyList<string> PlugIns(string package)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Folder, "feed", $"{package}.{Version}.nupkg"));
        return
        [
            .. archive
                .Entries.Where(e => e.FullName.StartsWith("analyzers/", StringComparison.Ordinal) && e.Length > 0)
                .Select(e => e.FullName)
                .Order(StringComparer.Ordinal),
        ];
    }

    // This assembly's own: it stands in bin/CONFIGURATION/net10.0.
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Statecast.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Statecast.slnx was not found above the test's own folder.");
    }
}
