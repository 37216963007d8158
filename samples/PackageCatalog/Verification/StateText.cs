using System.Text.Json;
using PackageCatalog.Contracts;
using Statecast.Contracts;
using Statecast.Serialization.Avro;

namespace PackageCatalog.Verification;

/// <summary>
/// One text per state, for comparing. Written and read by System.Text.Json's own reflection, on purpose: the codec that made the bodies proves nothing about itself.
/// Avro, which the platform does not read, is read by the library's codec; that one is held beside other implementations elsewhere.
/// </summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly StateContract<PackageState> Contract = StateContract.Of<PackageState>();

    public static string Of(PackageState state) => JsonSerializer.Serialize(state, Json);

    public static string OfBody(byte[] body, bool isAvro) =>
        isAvro
            ? Of(new AvroStateCodec().Decode(Contract, Contract.SchemaFingerprint, body))
            : JsonSerializer.Serialize(JsonSerializer.Deserialize<PackageState>(body, Json), Json);
}
