using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>
/// Converts between a root's primary key and its contract's key. Found by type and name: the same type, the model's own value conversion,
/// or a typed id around the same value; a composite key by the names of its parts.
/// </summary>
internal sealed class RootKeyMap<TKey>
    where TKey : notnull
{
    private RootKeyMap(Func<object, TKey> toContract, Func<TKey, object> toRow, string? problem = null)
    {
        ToContract = toContract;
        ToRow = toRow;
        Problem = problem;
    }

    public Func<object, TKey> ToContract { get; }

    public Func<TKey, object> ToRow { get; }

    /// <summary>Why there is no conversion; null if there is one.</summary>
    public string? Problem { get; }

    public static RootKeyMap<TKey> For(AggregatePlan plan)
    {
        var settings = plan.Publication.Settings;
        if (settings is { ToContractKey: { } toContract, ToRowKey: { } toRow, KeyTypes: { } types })
            return types.Contract == typeof(TKey) && plan.Key.Count == 1 && types.Row == plan.Key[0].ClrType
                ? new(row => (TKey)toContract(RowKey.Single(row)), key => RowKey.Of([toRow(key)], plan.Key)!)
                : Failed(
                    $"Key({types.Row.Name} → {types.Contract.Name}) does not fit: the primary key of {plan.Root.ShortName()} is ({Described(plan.Key)}) and the contract's key a {typeof(TKey).Name}."
                );
        if (settings.KeyProperties.FirstOrDefault(n => plan.Key.All(p => p.Name != n)) is { } stranger)
            return Failed(
                $"Key(…) names {stranger}, which is not in the primary key of {plan.Root.ShortName()} ({Described(plan.Key)}). Only the primary key tells a deleted row's key."
            );
        return plan.Key.Count == 1 ? Single(plan) : Composite(plan);
    }

    private static RootKeyMap<TKey> Single(AggregatePlan plan) =>
        plan.Key[0].ClrType == typeof(TKey) ? new(row => (TKey)RowKey.Single(row), key => RowKey.Of([key], plan.Key)!)
        : KeyConversion.Find(plan.Key[0], typeof(TKey)) is { } conversion
            ? new(row => (TKey)conversion.ToPart(RowKey.Single(row)), key => RowKey.Of([conversion.ToProperty(key)], plan.Key)!)
        : Failed(
            $"the primary key of {plan.Root.ShortName()} is ({Described(plan.Key)}), the contract's key a {typeof(TKey).Name}. Give the [StateKey] properties the same types, or convert with Key<{plan.Key[0].ClrType.Name}, {typeof(TKey).Name}>(toContract, toRow)."
        );

    private static RootKeyMap<TKey> Composite(AggregatePlan plan)
    {
        var constructor = typeof(TKey)
            .GetConstructors()
            .FirstOrDefault(c =>
                c.GetParameters().Length == plan.Key.Count
                && c.GetParameters().All(p => PartOf(p) is { } part && part.PropertyType == p.ParameterType)
            );
        if (constructor is null)
            return Failed(
                $"the primary key of {plan.Root.ShortName()} has {plan.Key.Count} properties ({Described(plan.Key)}), but the contract's key, {typeof(TKey).Name}, has not as many parts. Mark one property with [StateKey] for each."
            );
        var parameters = constructor.GetParameters();
        var order = new int[parameters.Length];
        var conversions = new KeyConversion[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            order[i] = IndexOf(plan, parameters[i], i);
            if (order[i] < 0)
                return Failed(
                    $"no property of the primary key of {plan.Root.ShortName()} ({Described(plan.Key)}) is named like the key part {parameters[i].Name}. Say Key(o => new {typeof(TKey).Name}(…)) with the primary key properties in the order of the parts."
                );
            if (KeyConversion.Find(plan.Key[order[i]], parameters[i].ParameterType) is not { } conversion)
                return Failed(
                    $"{plan.Key[order[i]].Name} is a {plan.Key[order[i]].ClrType.Name}, the key part {parameters[i].Name} a {parameters[i].ParameterType.Name}. Give both the same type."
                );
            conversions[i] = conversion;
        }
        if (order.Distinct().Count() != order.Length)
            return Failed(
                $"two parts of {typeof(TKey).Name} take the same property of the primary key ({Described(plan.Key)}). Name each once in Key(…)."
            );
        return Made(plan, constructor, [.. parameters.Select(p => PartOf(p)!)], order, conversions);
    }

    private static RootKeyMap<TKey> Made(
        AggregatePlan plan,
        ConstructorInfo constructor,
        PropertyInfo[] parts,
        int[] order,
        KeyConversion[] conversions
    )
    {
        var values = Expression.Parameter(typeof(object[]));
        var make = Expression
            .Lambda<Func<object[], TKey>>(
                Expression.New(
                    constructor,
                    parts.Select((p, i) => Expression.Convert(Expression.ArrayIndex(values, Expression.Constant(i)), p.PropertyType))
                ),
                values
            )
            .Compile();
        var key = Expression.Parameter(typeof(TKey));
        var split = Expression
            .Lambda<Func<TKey, object[]>>(
                Expression.NewArrayInit(typeof(object), parts.Select(p => Expression.Convert(Expression.Property(key, p), typeof(object)))),
                key
            )
            .Compile();
        return new(
            row =>
            {
                var columns = RowKey.Values(row);
                var arguments = new object[order.Length];
                for (var i = 0; i < order.Length; i++)
                    arguments[i] = conversions[i].ToPart(columns[order[i]]!);
                return make(arguments);
            },
            contractKey =>
            {
                var arguments = split(contractKey);
                var columns = new object[order.Length];
                for (var i = 0; i < order.Length; i++)
                    columns[order[i]] = conversions[i].ToProperty(arguments[i]);
                return new CompositeRowKey(columns, plan.Key);
            }
        );
    }

    private static int IndexOf(AggregatePlan plan, ParameterInfo part, int position)
    {
        var named = plan.Publication.Settings.KeyProperties;
        var name = named.Count == plan.Key.Count ? named[position] : part.Name!;
        for (var i = 0; i < plan.Key.Count; i++)
            if (string.Equals(plan.Key[i].Name, name, StringComparison.OrdinalIgnoreCase))
                return i;
        return -1;
    }

    private static PropertyInfo? PartOf(ParameterInfo parameter) =>
        typeof(TKey).GetProperty(parameter.Name!, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);

    private static string Described(IEnumerable<IProperty> key) => string.Join(", ", key.Select(p => $"{p.Name} {p.ClrType.Name}"));

    private static RootKeyMap<TKey> Failed(string problem) =>
        new(_ => throw new InvalidOperationException(problem), _ => throw new InvalidOperationException(problem), problem);
}

/// <summary>Converts one primary key property to one part of a contract's key.</summary>
/// <param name="ToPart">From the property's value.</param>
/// <param name="ToProperty">The inverse.</param>
internal sealed record KeyConversion(Func<object, object> ToPart, Func<object, object> ToProperty)
{
    private static readonly KeyConversion None = new(v => v, v => v);

    /// <summary>Finds a conversion by type; null if there is none that could be inverted.</summary>
    public static KeyConversion? Find(IProperty property, Type part)
    {
        if (property.ClrType == part)
            return None;
        if (property.GetTypeMapping().Converter is { } converter && converter.ProviderClrType == part)
            return new(v => converter.ConvertToProvider(v)!, v => converter.ConvertFromProvider(v)!);
        if (TypedId(property.ClrType, part) is { } unwrap)
            return new(unwrap.Value, unwrap.Make);
        return TypedId(part, property.ClrType) is { } wrap ? new(wrap.Make, wrap.Value) : null;
    }

    /// <summary>A struct or record with one constructor over one property is a typed id.</summary>
    private static (Func<object, object> Make, Func<object, object> Value)? TypedId(Type id, Type inner)
    {
        var properties = id.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        if (properties is not [var property] || property.PropertyType != inner || id.GetConstructor([inner]) is not { } constructor)
            return null;
        return (value => constructor.Invoke([value]), wrapped => property.GetValue(wrapped)!);
    }
}
