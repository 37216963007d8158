using System.Text.Json;
using System.Text.Json.Serialization;

namespace Statecast.Benchmarks.Orders;

/// <summary>The peers' codec: System.Text.Json with source generation, on its straight path, in the same JSON that Statecast writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(OrderState))]
internal sealed partial class OrderJson : JsonSerializerContext
{
    public static byte[] Serialize(OrderState state) => JsonSerializer.SerializeToUtf8Bytes(state, Default.OrderState);
}
