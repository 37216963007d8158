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

    public async ValueTask InitializeAsync()
    {
        // Packed from a copy: another version built in place would leave this checkout's own output half one version, half another.
        var copy = Path.Combine(Folder, "copy");
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "README.md"])
            Copy(Path.Combine(Root, file), Path.Combine(copy, file));
        foreach (var folder in (string[])["src", "eng"])
            CopyFolder(Path.Combine(Root, folder), Path.Combine(copy, folder));
        var feed = Path.Combine(Folder, "feed");
        foreach (
            var project in new[]
            {
                "Statecast",
                "Statecast.Sqlite",
                "Statecast.EntityFrameworkCore",
                "Statecast.Kafka",
                "Statecast.RabbitMQ",
            }
        )
            await UserProcess.RunAsync(
                copy,
                "dotnet",
                "pack",
                $"src/{project}",
                "-c",
                "Release",
                "-o",
                feed,
                "-v",
                "q",
                $"-p:Version={Version}"
            );
    }

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

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (!relative.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
                Copy(file, Path.Combine(to, relative));
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Statecast.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Statecast.slnx was not found above the test's own folder.");
    }
}
