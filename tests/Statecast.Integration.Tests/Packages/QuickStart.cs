using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>What the README tells a new user to type, taken out of it.</summary>
/// <param name="Install">The commands that make the projects.</param>
/// <param name="Files">The files, by their path; a snippet's first line names where it goes.</param>
/// <param name="Order">The body of the order that is placed.</param>
internal sealed partial record QuickStart(string Install, IReadOnlyDictionary<string, string> Files, string Order)
{
    public string OrderId
    {
        get
        {
            using var order = JsonDocument.Parse(Order);
            return order.RootElement.GetProperty("id").GetString()!;
        }
    }

    public static async Task<QuickStart> ReadAsync(string readme)
    {
        var text = (await File.ReadAllTextAsync(readme)).ReplaceLineEndings("\n");
        var blocks = Block().Matches(text).Select(m => (Language: m.Groups[1].Value, Text: m.Groups[2].Value)).ToList();
        var shell = blocks.Where(b => b.Language == "bash").Select(b => b.Text).ToList();
        var install = Assert.Single(shell, b => b.Contains("dotnet add", StringComparison.Ordinal));
        var order = Json().Match(Assert.Single(shell, b => b.Contains("--json", StringComparison.Ordinal))).Groups[1].Value;
        var files = new Dictionary<string, string>();
        foreach (var code in blocks.Where(b => b.Language == "csharp").Select(b => b.Text))
        foreach (var path in code.Split('\n')[0].TrimStart('/', ' ').Split(',', StringSplitOptions.TrimEntries))
            files.Add(path, code);
        return new(install, files, order);
    }

    [GeneratedRegex("```(bash|csharp)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("--json '([^']+)'")]
    private static partial Regex Json();
}
