using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>What a user gets: the packages, out of a local folder, in a project that knows nothing of this repository.</summary>
[Collection(PackagesCollection.Name)]
public sealed class PackageTests(PackedFeed feed)
{
    [Fact]
    public async Task Small_source_and_target_build_and_run_from_the_packages()
    {
        var user = await feed.NewUserAsync("user");
        foreach (
            var file in Directory.EnumerateFiles(Path.Combine(PackedFeed.Root, "tests", "Statecast.Integration.Tests", "Packages", "User"))
        )
            File.Copy(file, Path.Combine(user, Path.GetFileName(file).Replace(".txt", "", StringComparison.Ordinal)));
        var output = await UserProcess.RunAsync(user, "dotnet", "run", "-c", "Release", $"-p:StatecastVersion={PackedFeed.Version}");
        Assert.Contains("replica holds: second", output);
    }

    // Nothing else: what they need the compiler and the editor have.
    [Fact]
    public void Generator_and_code_fixes_are_inside_the_package() =>
        Assert.Equal(
            ["analyzers/dotnet/cs/Statecast.CodeFixes.dll", "analyzers/dotnet/cs/Statecast.Generators.dll"],
            feed.PlugIns("Statecast")
        );

    [Fact]
    public async Task Quick_start_of_the_README_runs_as_it_stands()
    {
        var readme = await QuickStart.ReadAsync(Path.Combine(PackedFeed.Root, "README.md"));
        var user = await feed.NewUserAsync("quickstart");
        // -e: a command that fails must not go unnoticed.
        await UserProcess.RunAsync(user, "bash", "-e", "-c", readme.Install);
        foreach (var (path, code) in readme.Files)
            await File.WriteAllTextAsync(Path.Combine(user, path), code);
        foreach (var project in (string[])["Orders", "Shipping"])
            await UserProcess.RunAsync(user, "dotnet", "build", project, "-v", "q", "-warnaserror");

        using var http = new HttpClient();
        using var shipping = Start(user, "Shipping");
        Uri target;
        string token;
        using (var orders = Start(user, "Orders"))
        {
            target = new(await shipping.AfterAsync("Now listening on: "));
            var source = new Uri(await orders.AfterAsync("Now listening on: "));
            await shipping.AfterAsync(" to Live with ");
            using var body = new StringContent(readme.Order, System.Text.Encoding.UTF8, "application/json");
            using var placed = await http.PostAsync(new Uri(source, "orders"), body);
            token = await placed.Content.ReadAsStringAsync();
            Assert.True(placed.IsSuccessStatusCode, $"{token}\n{orders.Output}");
            await RequireAsync(http, target, readme.OrderId, token, shipping);
            Assert.Equal("nothing to new", await shipping.AfterAsync($"{readme.OrderId} went from "));
        }
        // The source is gone; the target does not need it.
        await RequireAsync(http, target, readme.OrderId, token, shipping);
    }

    private static UserProcess Start(string user, string project) =>
        new(user, "dotnet", "run", "--no-build", "--project", project, "--urls", "http://127.0.0.1:0");

    private static async Task RequireAsync(HttpClient http, Uri target, string id, string token, UserProcess shipping)
    {
        using var found = await http.GetAsync(new Uri(target, $"orders/{id}?after={token}"));
        var state = await found.Content.ReadAsStringAsync();
        Assert.True(found.IsSuccessStatusCode, $"{state}\n{shipping.Output}");
        Assert.Equal($$"""{"orderId":"{{id}}","status":"new","lines":[{"sku":"tea","quantity":2,"price":4.50}]}""", state);
    }
}
