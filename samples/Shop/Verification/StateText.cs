using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Statecast.Contracts;
using Statecast.Serialization.Avro;

namespace Shop.Verification;

/// <summary>
/// One text per state, for comparing. Written and read by System.Text.Json's own reflection, on purpose: the codec that made the bodies proves nothing about itself.
/// Avro, which the platform does not read, is read by the library's codec; that one is held beside other implementations elsewhere.
/// </summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(), new PlainDecimal(), new Microseconds() },
    };

    /// <summary>The text of a state.</summary>
    public static string Of<TState>(TState state) => JsonSerializer.Serialize(state, Json);

    /// <summary>The text of a state as it was stored.</summary>
    public static string OfBody<TState>(string codec, byte[] body)
        where TState : class, IStateContract<TState> =>
        codec == "avro"
            ? Of(new AvroStateCodec().Decode(StateContract.Of<TState>(), StateContract.Of<TState>().SchemaFingerprint, body))
            : Of(JsonSerializer.Deserialize<TState>(body, Json));

    /// <summary>1.5 and 1.50 are one value.</summary>
    private sealed class PlainDecimal : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? decimal.Parse(reader.GetString()!, NumberStyles.Number, CultureInfo.InvariantCulture)
                : reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString("0.############################", CultureInfo.InvariantCulture));
    }

    /// <summary>Instants travel in UTC microseconds; a clock here ticks finer.</summary>
    private sealed class Microseconds : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
    }
}
