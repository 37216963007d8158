using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads records and structs: which properties travel, and how one is made again.</summary>
internal sealed class TypeReader
{
    private readonly Compilation _compilation;
    private readonly INamedTypeSymbol _contract;
    private readonly Findings _findings;
    private readonly ValueReader _values;
    private readonly HierarchyReader _hierarchies;
    private readonly Stack<INamedTypeSymbol> _path = new();
    private readonly Dictionary<INamedTypeSymbol, RecordShape?> _read = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<INamedTypeSymbol, HierarchyShape?> _readHierarchies = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<string, INamedTypeSymbol> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, INamedTypeSymbol> _hierarchyNames = new(StringComparer.Ordinal);

    public TypeReader(Compilation compilation, INamedTypeSymbol contract, Findings findings)
    {
        _compilation = compilation;
        _contract = contract;
        _findings = findings;
        _values = new(this, findings);
        _hierarchies = new(this, compilation, contract, findings);
    }

    /// <summary>The shape of a record or struct; null if a finding says why there is none.</summary>
    public RecordShape? ReadRecord(INamedTypeSymbol type)
    {
        if (type.BaseType is not { SpecialType: not (SpecialType.System_Object or SpecialType.System_ValueType) } parent)
            return Once(_read, type, () => Make(type, null, null));
        var isCase = HierarchyReader.Declared(parent).Any(c => SymbolEqualityComparer.Default.Equals(c.Type, type));
        _findings.Add(
            ValueRules.Inherits,
            type,
            type.Name,
            parent.Name,
            isCase
                ? $"of which it is a case: hold it as '{parent.Name}'"
                : "whose properties would not travel: repeat them, or nest the other as a property"
        );
        return null;
    }

    /// <summary>The shape of a case of a closed hierarchy, with what it inherits from its root; null if a finding says why there is none.</summary>
    public RecordShape? ReadCase(INamedTypeSymbol root, INamedTypeSymbol type, string name) =>
        Once(_read, type, () => Make(type, root, name));

    /// <summary>The shape of an abstract record with declared cases; null if a finding says why there is none.</summary>
    public HierarchyShape? ReadHierarchy(INamedTypeSymbol root) =>
        Once(
            _readHierarchies,
            root,
            () =>
            {
                // Its name is in no schema, but tells it from others in the generated code.
                CheckDistinct(root, root.Name, _hierarchyNames);
                return _hierarchies.Read(root);
            }
        );

    // Used in several places, a type is read once: its findings are said once.
    private T? Once<T>(Dictionary<INamedTypeSymbol, T?> known, INamedTypeSymbol type, Func<T?> read)
        where T : class
    {
        if (_path.Contains(type, SymbolEqualityComparer.Default))
        {
            _findings.Add(ValueRules.Recursive, _path.Peek(), _path.Peek().Name, type.Name);
            return null;
        }
        if (!known.TryGetValue(type, out var shape))
        {
            _path.Push(type);
            shape = read();
            _path.Pop();
            known.Add(type, shape);
        }
        return shape;
    }

    private RecordShape? Make(INamedTypeSymbol type, INamedTypeSymbol? root, string? caseName)
    {
        var properties = ReadProperties(type, root);
        if (properties is null)
            return null;
        var aliases = Attributes.Aliases(Attributes.All(type, "AliasAttribute"), type, _findings);
        var record = new RecordShape(Names.Of(type), type.Name, type.IsValueType, properties.ToEquatable(), aliases, caseName);
        // A wrapper travels as what it wraps, so its name is in no schema.
        if (record.Wrapped is null)
            CheckName(type, record.SchemaName);
        return record;
    }

    /// <summary>Notes that a type has this name in the contract's schema.</summary>
    public void CheckName(INamedTypeSymbol type, string name)
    {
        if (!Names.IsWireName(name))
            _findings.Add(WireRules.BadWireName, type, name);
        CheckDistinct(type, name, _names);
    }

    private void CheckDistinct(INamedTypeSymbol type, string name, Dictionary<string, INamedTypeSymbol> names)
    {
        if (!names.TryGetValue(name, out var other))
            names.Add(name, type);
        else if (!SymbolEqualityComparer.Default.Equals(other, type))
            _findings.Add(WireRules.DuplicateTypeName, type, Names.Of(type), Names.Of(other), name);
    }

    private List<PropertyShape>? ReadProperties(INamedTypeSymbol type, INamedTypeSymbol? root)
    {
        var members = Members(type, root);
        foreach (var field in members.OfType<IFieldSymbol>())
            if (field is { IsStatic: false, DeclaredAccessibility: Accessibility.Public, IsImplicitlyDeclared: false })
                _findings.Add(ValueRules.PublicField, field, $"{field.ContainingType.Name}.{field.Name}");
        var candidates = members
            .OfType<IPropertySymbol>()
            .Where(p => p is { IsStatic: false, IsIndexer: false, DeclaredAccessibility: Accessibility.Public, GetMethod: not null })
            .ToList();
        var constructor = Constructor(type, candidates);
        if (constructor is null)
        {
            _findings.Add(ValueRules.NoConstructor, type, type.Name);
            return null;
        }
        var complete = true;
        var properties = new List<PropertyShape>();
        foreach (var parameter in constructor.Parameters)
        {
            var property = PropertyOf(parameter, candidates)!;
            candidates.Remove(property);
            complete &= Add(properties, property, parameter);
        }
        foreach (var property in candidates.Where(IsStored))
            complete &= Add(properties, property, null);
        CheckWireNames(type, properties);
        if (!complete)
            return null;
        // A case says something by being that case.
        if (properties.Count > 0 || root is not null)
            return properties;
        _findings.Add(ValueRules.NothingTravels, type, type.Name);
        return null;
    }

    // Its own, and what it inherits within its hierarchy, as far as it does not redefine it.
    private static List<ISymbol> Members(INamedTypeSymbol type, INamedTypeSymbol? root)
    {
        var members = type.GetMembers().ToList();
        if (root is not null)
            members.InsertRange(0, root.GetMembers().Where(m => type.GetMembers(m.Name).IsEmpty));
        return members;
    }

    private bool Add(List<PropertyShape> properties, IPropertySymbol property, IParameterSymbol? parameter)
    {
        var path = $"{property.ContainingType.Name}.{property.Name}";
        if (property.SetMethod is { IsInitOnly: false })
            _findings.Add(ValueRules.MutableProperty, property, path);
        else if (parameter is null && (property.SetMethod is null || !_compilation.IsSymbolAccessibleWithin(property.SetMethod, _contract)))
            _findings.Add(ValueRules.NotSettable, property, path);
        var wireName = Names.Camel(property.Name);
        if (!Names.IsWireName(wireName))
            _findings.Add(WireRules.BadWireName, property, path);
        if (_values.Read(property, parameter, path) is not { } value)
            return false;
        properties.Add(
            new(
                property.Name,
                wireName,
                value,
                parameter?.Ordinal ?? -1,
                DefaultReader.Read(property, parameter, value, path, _findings),
                Attributes.Aliases(Attributes.All(property, parameter, "AliasAttribute"), property, _findings),
                Attributes.Find(property, parameter, "StateKeyAttribute") is not null
            )
        );
        return true;
    }

    // The one with the most parameters, each of which is a property: a record's primary constructor, if it has one.
    private IMethodSymbol? Constructor(INamedTypeSymbol type, List<IPropertySymbol> properties) =>
        type
            .InstanceConstructors.Where(c =>
                _compilation.IsSymbolAccessibleWithin(c, _contract)
                && !IsCopy(c, type)
                && c.Parameters.All(parameter => PropertyOf(parameter, properties) is not null)
            )
            .OrderByDescending(c => c.Parameters.Length)
            .FirstOrDefault();

    private static bool IsCopy(IMethodSymbol constructor, INamedTypeSymbol type) =>
        constructor.Parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, type);

    // A positional parameter has its property's very name; one of a written constructor begins with a small letter.
    private static IPropertySymbol? PropertyOf(IParameterSymbol parameter, List<IPropertySymbol> properties) =>
        parameter.RefKind is RefKind.None or RefKind.In
            ? properties.FirstOrDefault(p => p.Name == parameter.Name && SameType(parameter, p))
                ?? properties.FirstOrDefault(p =>
                    string.Equals(p.Name, parameter.Name, StringComparison.OrdinalIgnoreCase) && SameType(parameter, p)
                )
            : null;

    private static bool SameType(IParameterSymbol parameter, IPropertySymbol property) =>
        SymbolEqualityComparer.Default.Equals(parameter.Type, property.Type);

    // A property that computes its value does not travel; one that stores it must.
    private static bool IsStored(IPropertySymbol property) =>
        property.SetMethod is not null
        || property
            .ContainingType.GetMembers()
            .OfType<IFieldSymbol>()
            .Any(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property));

    private void CheckWireNames(INamedTypeSymbol type, List<PropertyShape> properties)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in properties)
        foreach (var name in property.Aliases.Prepend(property.WireName))
            if (!taken.Add(name))
                _findings.Add(
                    WireRules.DuplicateWireName,
                    type.GetMembers(property.Name).FirstOrDefault() ?? type,
                    $"{type.Name}.{property.Name}",
                    name
                );
    }
}
