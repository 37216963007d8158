using System.Text.Json;
using PackageCatalog.Contracts;

namespace PackageCatalog.Verification;

/// <summary>
/// One text per state, for comparing. Written and read by System.Text.Json's own reflection, on purpose: the codec that made the bodies proves nothing about itself.
/// </summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static string Of(PackageState state) => JsonSerializer.Serialize(state, Json);

    public static string OfBody(byte[] body) => JsonSerializer.Serialize(JsonSerializer.Deserialize<PackageState>(body, Json), Json);
}
