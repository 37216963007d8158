using System.Diagnostics;
using System.Text;
using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>What a user gets: the packages, out of a local folder, in a project that knows nothing of this repository.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("statecast-packages-").FullName;

    [Fact]
    public async Task Small_source_and_target_build_and_run_from_the_packages()
    {
        var root = Root();
        // Packed from a copy: another version built in place would leave this checkout's own output half one version, half another.
        var copy = Path.Combine(_folder, "copy");
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "README.md"])
            Copy(Path.Combine(root, file), Path.Combine(copy, file));
        foreach (var folder in (string[])["src", "eng"])
            CopyFolder(Path.Combine(root, folder), Path.Combine(copy, folder));
        var feed = Path.Combine(_folder, "feed");
        foreach (var project in new[] { "Statecast", "Statecast.Sqlite", "Statecast.EntityFrameworkCore" })
            await Run(copy, "dotnet", "pack", $"src/{project}", "-c", "Release", "-o", feed, "-v", "q", "-p:Version=0.0.0-test");

        var user = Directory.CreateDirectory(Path.Combine(_folder, "user")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "tests", "Statecast.Integration.Tests", "Packages", "User")))
            File.Copy(file, Path.Combine(user, Path.GetFileName(file).Replace(".txt", "", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(
            Path.Combine(user, "NuGet.config"),
            $"""
            <configuration>
              <packageSources><add key="local" value="{feed}" /></packageSources>
              <config><add key="globalPackagesFolder" value="{Path.Combine(_folder, "cache")}" /></config>
              <fallbackPackageFolders><add key="machine" value="{Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                    ".nuget",
                    "packages"
                )}" /></fallbackPackageFolders>
            </configuration>
            """
        );
        var output = await Run(user, "dotnet", "run", "-c", "Release");
        Assert.Contains("replica holds: second", output);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Statecast.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Statecast.slnx was not found above the test's own folder.");
    }

    private static async Task<string> Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runner's own settings must not leak into the user's build.
        start.Environment.Remove("MSBUILDNODEHANDSHAKESALT");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        var reading = Task.WhenAll(Collect(process.StandardOutput, output), Collect(process.StandardError, output));
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within 4 minutes:\n{output}");
        }
        await reading;
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}");
        return output.ToString();
    }

    private static async Task Collect(StreamReader reader, StringBuilder output)
    {
        while (await reader.ReadLineAsync() is { } line)
            lock (output)
                output.AppendLine(line);
    }
}
