using System.Net.Http.Headers;
using System.Text;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>One address of a registry, parted from what authenticates us there.</summary>
internal sealed class RegistryUrl
{
    public RegistryUrl(string address, SchemaRegistryOptions options)
    {
        var given = new Uri(address);
        Name = new UriBuilder(given) { UserName = "", Password = "" }
            .Uri.GetComponents(UriComponents.AbsoluteUri, UriFormat.UriEscaped)
            .TrimEnd('/');
        if (given.UserInfo.Length > 0)
            Basic = BasicOf(string.Join(':', given.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)));
        else if (options.User is { } user)
            Basic = BasicOf($"{user}:{options.Password}");
    }

    /// <summary>The address, without a secret.</summary>
    public string Name { get; }

    /// <summary>Basic authentication; null for none.</summary>
    public AuthenticationHeaderValue? Basic { get; }

    public Uri Of(string path) => new($"{Name}/{path}");

    private static AuthenticationHeaderValue BasicOf(string pair) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
}
