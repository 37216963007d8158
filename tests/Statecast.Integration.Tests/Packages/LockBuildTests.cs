using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>A build of a user's project, which has nothing of this repository but the package: it ends at a break, and only there.</summary>
public sealed class LockBuildTests(PackedFeed feed) : IClassFixture<PackedFeed>
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

        Console.WriteLine(ContractLock.Update("contracts", StateContract.Of<Shop.OrderState>()));
        """;

    [Fact]
    public async Task Build_fails_on_a_break_and_a_change_is_locked_before_it_passes()
    {
        var user = await feed.NewUserAsync("locks");
        await WriteAsync(user, "User.csproj", Project);
        await WriteAsync(user, "Program.cs", Program);

        // Nothing is locked: it builds, and the first lock is written.
        await WriteAsync(user, "OrderState.cs", Order("int Count"));
        Assert.Contains("shop.order v1.0: ", await UserProcess.RunAsync(user, "dotnet", "run"), StringComparison.Ordinal);
        var folder = Path.Combine(user, "contracts", "shop.order");
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json"], Files(folder));
        await BuildAsync(user);

        // A break does not build, whatever is allowed to be behind.
        await WriteAsync(user, "OrderState.cs", Order("string Count"));
        var broken = await FailAsync(user, "-p:StatecastUpdateLocks=true");
        Assert.Contains("error STC1601: 'OrderState' breaks with its lock v1.0 at 'count'", broken, StringComparison.Ordinal);
        Assert.Contains("raise the contract's Version to 2", broken, StringComparison.Ordinal);
        // Nor does what the compiler would otherwise take for a mere hint.
        Assert.Contains("error STC1604", await AfterAsync(user, "int Count, string Note"), StringComparison.Ordinal);
        Assert.Contains("error STC1603", await AfterAsync(user, "int Quantity"), StringComparison.Ordinal);

        // An additive change builds once it is locked.
        Assert.Contains("error STC1602", await AfterAsync(user, "int Count, string? Note"), StringComparison.Ordinal);
        var written = await UserProcess.RunAsync(user, "dotnet", "run", "-p:StatecastUpdateLocks=true");
        Assert.Contains("shop.order v1.1: ", written, StringComparison.Ordinal);
        Assert.Equal(["v1.0.avsc", "v1.0.schema.json", "v1.1.avsc", "v1.1.schema.json"], Files(folder));
        await BuildAsync(user);

        // What the project declares holds.
        await WriteAsync(user, "OrderState.cs", Order("long Count, string? Note"));
        Assert.Contains("error STC1601", await FailAsync(user, "-p:StatecastCompatibility=FullTransitive"), StringComparison.Ordinal);
        Assert.Contains(
            "write Backward, Forward, Full",
            await FailAsync(user, "-p:StatecastCompatibility=Sideways"),
            StringComparison.Ordinal
        );

        // Without locks, who requires them is told.
        Directory.Delete(Path.Combine(user, "contracts"), recursive: true);
        Assert.Contains("error STC1606", await FailAsync(user, "-p:StatecastRequireLocks=true"), StringComparison.Ordinal);
        await BuildAsync(user);
    }

    private static async Task<string> AfterAsync(string user, string parameters)
    {
        await WriteAsync(user, "OrderState.cs", Order(parameters));
        return await FailAsync(user);
    }

    private static Task<string> BuildAsync(string user) => UserProcess.RunAsync(user, "dotnet", "build", "-v", "q");

    private static async Task<string> FailAsync(string user, params string[] more)
    {
        var (code, output) = await UserProcess.EndAsync(user, "dotnet", ["build", "-v", "q", .. more]);
        Assert.True(code != 0, $"The build passed:\n{output}");
        return output;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);

    private static Task WriteAsync(string user, string file, string text) => File.WriteAllTextAsync(Path.Combine(user, file), text);

    private static string Order(string parameters) =>
        $$"""
            using Statecast.Contracts;

            namespace Shop;

            [StateContract("shop.order")]
            public sealed partial record OrderState([StateKey] Guid OrderId, {{parameters}});
            """;
}
