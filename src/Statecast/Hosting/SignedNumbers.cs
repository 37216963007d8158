using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Statecast.Hosting;

/// <summary>
/// A configuration whose bare whole numbers carry a plus sign. A number takes it, a duration does not: <see cref="TimeSpan"/> reads <c>5</c> as five days, which nobody
/// means who writes it. So what binds from a configuration and not from this one is such a duration.
/// </summary>
internal sealed class SignedNumbers(IConfiguration inner) : IConfigurationSection
{
    public string Key => (inner as IConfigurationSection)?.Key ?? "";

    public string Path => (inner as IConfigurationSection)?.Path ?? "";

    public string? Value
    {
        get => Sign((inner as IConfigurationSection)?.Value);
        set => throw new NotSupportedException();
    }

    public string? this[string key]
    {
        get => Sign(inner[key]);
        set => throw new NotSupportedException();
    }

    public IConfigurationSection GetSection(string key) => new SignedNumbers(inner.GetSection(key));

    public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren().Select(c => new SignedNumbers(c));

    public IChangeToken GetReloadToken() => inner.GetReloadToken();

    private static string? Sign(string? value) =>
        value?.Trim() is { Length: > 0 } text && text.All(char.IsAsciiDigit) && text.Any(c => c != '0') ? "+" + text : value;
}
