using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PackageCatalog.Reading;

/// <summary>Says what is wrong with a line that is no package, in the words of the file: which field, what was expected there, what was found.</summary>
internal static class JsonDefect
{
    private static readonly IReadOnlyList<Field> Fields = [.. typeof(PackageRecord).GetProperties().Select(Field.Of)];

    public static string Of(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new() { AllowDuplicateProperties = true });
            return Of(document.RootElement);
        }
        catch (JsonException e)
        {
            return $"expected one JSON object, and the line is no JSON from byte {e.BytePositionInLine + 1} on.";
        }
    }

    private static string Of(JsonElement package)
    {
        if (package.ValueKind != JsonValueKind.Object)
            return $"expected a JSON object with the fields of a package, found {NameOf(package)}.";
        var given = package.EnumerateObject().ToLookup(p => p.Name, StringComparer.OrdinalIgnoreCase);
        if (given.FirstOrDefault(g => g.Count() > 1) is { } twice)
            return $"the field '{twice.Key}' stands {twice.Count()} times.";
        foreach (var field in Fields)
        {
            if (given[field.Name].FirstOrDefault() is { Value.ValueKind: not JsonValueKind.Undefined } found)
            {
                if (!field.Takes(found.Value))
                    return $"the field '{field.Name}' must be {field.Expected}, found {NameOf(found.Value)}.";
            }
            else if (field.Required)
                return $"the field '{field.Name}' is missing: expected {field.Expected}.";
        }
        return "the line is no package.";
    }

    private static string NameOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => $"the number {value.GetRawText()}",
            _ => value.GetRawText(),
        };

    private sealed record Field(string Name, Type Type, bool Nullable, bool Required)
    {
        public string Expected =>
            (
                Type == typeof(string) ? "a string"
                : Type == typeof(long) ? "a whole number"
                : "an array of strings"
            ) + (Nullable ? " or null" : "");

        public static Field Of(PropertyInfo property)
        {
            var underlying = System.Nullable.GetUnderlyingType(property.PropertyType);
            return new(
                JsonNamingPolicy.CamelCase.ConvertName(property.Name),
                underlying ?? property.PropertyType,
                underlying is not null || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable,
                property.GetCustomAttribute<RequiredMemberAttribute>() is not null
            );
        }

        public bool Takes(JsonElement value) =>
            value.ValueKind switch
            {
                JsonValueKind.Null => Nullable,
                JsonValueKind.String => Type == typeof(string),
                JsonValueKind.Number => Type == typeof(long) && value.TryGetInt64(out _),
                JsonValueKind.Array => Type == typeof(IReadOnlyList<string>)
                    && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String),
                _ => false,
            };
    }
}
