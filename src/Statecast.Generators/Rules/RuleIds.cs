namespace Statecast.Generators.Rules;

/// <summary>Diagnostic ids: fixed for ever, never used again for another rule.</summary>
internal static class RuleIds
{
    public const string NotPartial = "STC1001";
    public const string NotSealedRecord = "STC1002";
    public const string BadName = "STC1003";
    public const string BadVersion = "STC1004";
    public const string Generic = "STC1005";
    public const string FileLocal = "STC1006";
    public const string NameTaken = "STC1007";

    public const string NoKey = "STC1101";
    public const string BadKeyPart = "STC1102";
    public const string KeyNameTaken = "STC1103";
    public const string KeyNotTravelling = "STC1104";

    public const string UnsupportedType = "STC1201";
    public const string MutableCollection = "STC1202";
    public const string MutableProperty = "STC1203";
    public const string MapKeyNotString = "STC1204";
    public const string DecimalWithoutPrecision = "STC1205";
    public const string BadPrecision = "STC1206";
    public const string NotSealedNested = "STC1207";
    public const string NoConstructor = "STC1208";
    public const string Recursive = "STC1209";
    public const string NothingTravels = "STC1210";
    public const string NotSettable = "STC1211";
    public const string PublicField = "STC1212";
    public const string Inherits = "STC1213";
    public const string BadSetItem = "STC1214";

    public const string BadWireName = "STC1301";
    public const string DuplicateWireName = "STC1302";
    public const string DuplicateTypeName = "STC1303";
    public const string BadDefault = "STC1304";
    public const string BadAlias = "STC1305";
    public const string InitializerIsNoDefault = "STC1306";

    public const string BadEnum = "STC1401";
    public const string EnumWithoutDefault = "STC1402";

    public const string BadCase = "STC1501";
    public const string BadCaseName = "STC1502";
    public const string UndeclaredCase = "STC1503";
    public const string NoCases = "STC1504";

    public const string Breaking = "STC1601";
    public const string NoMinor = "STC1602";
    public const string NoAlias = "STC1603";
    public const string NoDefault = "STC1604";
    public const string NoEnumDefault = "STC1605";
    public const string NoLock = "STC1606";
    public const string BadLock = "STC1607";

    public const string BadUpcaster = "STC1701";

    public const string Category = "Statecast.Contracts";
}
