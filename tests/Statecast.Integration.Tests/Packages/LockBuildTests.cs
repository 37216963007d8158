using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>A build of a user's project, which has nothing of this repository but the package: it ends at a break, and only there.</summary>
[Collection(PackagesCollection.Name)]
public sealed class LockBuildTests(PackedFeed feed)
{
    private const string Project = $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Statecast" Version="{PackedFeed.Version}" />
          </ItemGroup>
        </Project>
        """;

    private const string Program = """
        using Statecast.Contracts;
        using Statecast.Contracts.Locks;

        Console.WriteLine(ContractLock.Update("contracts", typeof(Shop.Order).Assembly));
        """;

    [Fact]
    public async Task Build_fails_on_a_break_and_passes_once_a_change_is_locked()
    {
        var user = await feed.NewUserAsync("locks");
        await WriteAsync(user, "User.csproj", Project);
        await WriteAsync(user, "Program.cs", Program);

        // Nothing is locked: it builds, and the first locks are written.
        await ContractsAsync(user, order: "int Count", parcel: "int Grams", stock: "string Name");
        Assert.Contains("shop.order v1.0: ", await UserProcess.RunAsync(user, "dotnet", "run"), StringComparison.Ordinal);
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json"], Locks(user, "shop.order"));

        // What breaks does not build, even where locks may be behind.
        await ContractsAsync(user, order: "string Count", parcel: "int Grams, string Note", stock: "string Title");
        var broken = await FailAsync(user, "-p:StatecastUpdateLocks=true");
        Assert.Contains("error STC1601: 'Order' breaks with its lock v1.0 at 'count'", broken, StringComparison.Ordinal);
        Assert.Contains("raise the contract's Version to 2", broken, StringComparison.Ordinal);
        Assert.Contains("error STC1604: 'Parcel'", broken, StringComparison.Ordinal);
        Assert.Contains("error STC1603: 'Stock'", broken, StringComparison.Ordinal);

        // An additive change builds once it is locked. Declared to be needed by no earlier target, a wider number is one.
        await ContractsAsync(user, order: "int Count, string? Note", parcel: "long Grams", stock: "string Name");
        var behind = await FailAsync(user, "-p:StatecastCompatibility=FullTransitive");
        Assert.Contains("error STC1602: 'Order'", behind, StringComparison.Ordinal);
        Assert.Contains("error STC1601: 'Parcel'", behind, StringComparison.Ordinal);
        var written = await UserProcess.RunAsync(user, "dotnet", "run", "-p:StatecastUpdateLocks=true");
        Assert.Contains("shop.order v1.1: ", written, StringComparison.Ordinal);
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json", "v1.1.avsc", "v1.1.schema.json"], Locks(user, "shop.order"));
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json"], Locks(user, "shop.stock"));
        await UserProcess.RunAsync(user, "dotnet", "build", "--no-restore", "-v", "q");
    }

    [Fact]
    public async Task Build_target_of_the_documentation_locks_in_the_projects_mode()
    {
        var docs = (await File.ReadAllTextAsync(Path.Combine(PackedFeed.Root, "docs", "versions.md"))).ReplaceLineEndings("\n");
        var user = await feed.NewUserAsync("target");
        // What only a mode that does not look back allows: the update has to know the project's.
        const string forward = "<PropertyGroup><StatecastCompatibility>Forward</StatecastCompatibility></PropertyGroup>";
        var target = Block(docs, "xml", "<Target Name=\"UpdateLocks\"");
        await WriteAsync(user, "User.csproj", Project.Replace("</Project>", $"{forward}\n{target}</Project>", StringComparison.Ordinal));
        await WriteAsync(
            user,
            "Program.cs",
            $"using Statecast.Contracts.Locks;\n{Block(docs, "csharp", "// Program.cs\nif (args is [\"lock\"])")}"
        );

        await ContractsAsync(user, order: "long Count", parcel: "int Grams", stock: "string Name");
        Assert.Contains("shop.order v1.0: ", await BuildAsync("-p:StatecastUpdateLocks=true"), StringComparison.Ordinal);
        await ContractsAsync(user, order: "int Count", parcel: "int Grams", stock: "string Name");
        var behind = await FailAsync(user);
        Assert.Contains("error STC1602: 'Order'", behind, StringComparison.Ordinal);
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json"], Locks(user, "shop.order"));
        Assert.Contains("shop.order v1.1: ", await BuildAsync("-p:StatecastUpdateLocks=true"), StringComparison.Ordinal);
        await BuildAsync();

        // Held to a stronger mode the same locks break, though nothing was changed since.
        var stronger = await FailAsync(user, "-p:StatecastCompatibility=BackwardTransitive");
        Assert.Contains("error STC1601: 'Order' breaks with its lock v1.0 at 'count'", stronger, StringComparison.Ordinal);
        Assert.DoesNotContain("'Parcel'", stronger, StringComparison.Ordinal);

        Task<string> BuildAsync(params string[] more) => UserProcess.RunAsync(user, "dotnet", ["build", "--nologo", .. more]);
    }

    [Fact]
    public async Task Compatibility_that_is_none_is_refused()
    {
        var user = await feed.NewUserAsync("modes");
        await WriteAsync(user, "User.csproj", Project);
        var said = await FailAsync(user, "-restore", "-t:CheckStatecastCompatibility", "-p:StatecastCompatibility=Sideways");
        Assert.Contains("StatecastCompatibility is 'Sideways': write Backward, Forward, Full", said, StringComparison.Ordinal);
        await UserProcess.RunAsync(user, "dotnet", "build", "-t:CheckStatecastCompatibility", "-p:StatecastCompatibility=full");
    }

    private static string Block(string docs, string language, string beginning)
    {
        var from = docs.IndexOf($"```{language}\n{beginning}", StringComparison.Ordinal);
        Assert.True(from >= 0, $"docs/versions.md has no example that begins with {beginning}.");
        from = docs.IndexOf('\n', from) + 1;
        return docs[from..docs.IndexOf("```", from, StringComparison.Ordinal)];
    }

    private static async Task<string> FailAsync(string user, params string[] more)
    {
        var (code, output) = await UserProcess.EndAsync(user, "dotnet", ["build", "-v", "q", .. more]);
        Assert.True(code != 0, $"The build passed:\n{output}");
        return output;
    }

    private static IEnumerable<string> Locks(string user, string contract) =>
        Directory.EnumerateFiles(Path.Combine(user, "contracts", contract)).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);

    private static Task ContractsAsync(string user, string order, string parcel, string stock) =>
        WriteAsync(
            user,
            "Contracts.cs",
            $"""
            using Statecast.Contracts;

            namespace Shop;

            [StateContract("shop.order")]
            public sealed partial record Order([StateKey] Guid Id, {order});

            [StateContract("shop.parcel")]
            public sealed partial record Parcel([StateKey] Guid Id, {parcel});

            [StateContract("shop.stock")]
            public sealed partial record Stock([StateKey] Guid Id, {stock});
            """
        );

    private static Task WriteAsync(string user, string file, string text) => File.WriteAllTextAsync(Path.Combine(user, file), text);
}
